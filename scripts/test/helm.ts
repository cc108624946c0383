import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { loadAll } from "js-yaml"

/** An object of Kubernetes, as far as tests look at it. */
export interface Rendered {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> }
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly [field: string]: any
}

const root = join(import.meta.dirname, "../..")
const charts = join(root, "charts")

const answerOf = (command: string, ...args: ReadonlyArray<string>) =>
  spawnSync(command, args, { cwd: root, encoding: "utf8", timeout: 120_000 })

/** What to install where it is missing; undefined where it is there. */
export const missing = (command: string): string | undefined =>
  answerOf(command, command.startsWith("helm") ? "version" : "--help").status === 0
    ? undefined
    : `no ${command} on the PATH`

const objectsOf = (text: string): ReadonlyArray<Rendered> =>
  loadAll(text).filter((one): one is Rendered => one !== null && one !== undefined)

export class Refused extends Error {}

/** What a chart makes of values, in namespace `shop`; what Helm says, where it refuses. */
export const render = (helm: string, chart: string, ...args: ReadonlyArray<string>): ReadonlyArray<Rendered> => {
  const command = ["template", "store", join(charts, chart), "--namespace", "shop", "--kube-version", "1.34.0", ...args]
  const { status, stderr, stdout } = answerOf(helm, ...command)
  if (status !== 0) throw new Refused(stderr)
  return objectsOf(stdout)
}

/** What a folder of kustomize makes. */
export const build = (folder: string): ReadonlyArray<Rendered> => {
  const { status, stderr, stdout } = answerOf("kubectl", "kustomize", folder)
  if (status !== 0) throw new Refused(stderr)
  return objectsOf(stdout)
}

/** The pods among objects: as such, or as the template of what makes them. */
export const podsOf = (
  objects: ReadonlyArray<Rendered>
): ReadonlyArray<{ readonly name: string; readonly spec: any }> =>
  objects.flatMap(({ kind, metadata: { name }, spec }) =>
    kind === "Pod" ? [{ name, spec }] : spec?.template?.spec === undefined ? [] : [{ name, spec: spec.template.spec }]
  )

/** What the "restricted" pod security standard would refuse in a pod. */
export const notRestricted = ({ name, spec }: { readonly name: string; readonly spec: any }): ReadonlyArray<string> => {
  const whole = spec.securityContext ?? {}
  return [...(spec.initContainers ?? []), ...spec.containers].flatMap((container: any) => {
    const own = container.securityContext ?? {}
    return [
      ...((own.runAsNonRoot ?? whole.runAsNonRoot) === true ? [] : ["may run as root"]),
      ...((own.seccompProfile ?? whole.seccompProfile)?.type === "RuntimeDefault" ? [] : ["has no seccomp profile"]),
      ...(own.allowPrivilegeEscalation === false ? [] : ["may gain privileges"]),
      ...(own.capabilities?.drop?.includes("ALL") === true ? [] : ["keeps capabilities"])
    ].map((what) => `${name}/${container.name} ${what}`)
  })
}

/** Lists whose members are known by name, and have one name twice: server-side apply refuses them. */
export const namedTwice = (value: unknown, path = ""): ReadonlyArray<string> => {
  if (typeof value !== "object" || value === null) return []
  const names = Array.isArray(value) ? value.map((one) => one?.name).filter((name) => name !== undefined) : []
  return [
    ...names.filter((name, at) => names.indexOf(name) !== at).map((name) => `${path}: ${name}`),
    ...Object.entries(value).flatMap(([key, one]) => namedTwice(one, `${path}.${key}`))
  ]
}
