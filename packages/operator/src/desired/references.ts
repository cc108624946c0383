import type { EnvVar } from "./environment.ts"
import { hashOf } from "./hash.ts"

/** What the Secrets and ConfigMaps that are referred to hold: by kind and name, undefined where there is none. */
export type Referenced = ReadonlyMap<string, Readonly<Record<string, string>> | undefined>

export interface ReferencedObject {
  readonly kind: "Secret" | "ConfigMap"
  readonly name: string
  readonly key: string
}

export const keyOf = ({ kind, name }: Pick<ReferencedObject, "kind" | "name">): string => `${kind} ${name}`

/** What variables refer to. */
export const referencesIn = (environment: ReadonlyArray<EnvVar>): ReadonlyArray<ReferencedObject> =>
  environment.flatMap(({ valueFrom }) => [
    ...(valueFrom?.secretKeyRef === undefined ? [] : [{ kind: "Secret" as const, ...valueFrom.secretKeyRef }]),
    ...(valueFrom?.configMapKeyRef === undefined ? [] : [{ kind: "ConfigMap" as const, ...valueFrom.configMapKeyRef }])
  ])

/** What variables refer to and nobody has made, as people read of it. */
export const missingIn = (environment: ReadonlyArray<EnvVar>, referenced: Referenced): ReadonlyArray<string> =>
  referencesIn(environment).flatMap((reference) => {
    const found = referenced.get(keyOf(reference))
    if (found === undefined) return [`${reference.kind} ${reference.name} does not exist`]
    return reference.key in found ? [] : [`${reference.kind} ${reference.name} has no key ${reference.key}`]
  })

/** Changes when a value changes that is referred to; what else a Secret holds does not count. */
export const configurationHash = (environment: ReadonlyArray<EnvVar>, referenced: Referenced): string =>
  hashOf(
    referencesIn(environment).map((reference) => [
      keyOf(reference),
      reference.key,
      referenced.get(keyOf(reference))?.[reference.key]
    ])
  )
