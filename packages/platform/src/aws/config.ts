import { Config, Effect, Redacted } from "effect"
import { httpUrl, mistake, orUndefined, secret } from "../config.ts"

const credentials = (prefix: string) =>
  Config.mapEffect(
    Config.all([secret(`${prefix}_ACCESS_KEY_ID`), secret(`${prefix}_SECRET_ACCESS_KEY`)]),
    ([accessKeyId, secretAccessKey]) => {
      if (accessKeyId === undefined && secretAccessKey === undefined) return Effect.undefined
      return accessKeyId === undefined || secretAccessKey === undefined
        ? Effect.fail(
            mistake(`${prefix}_ACCESS_KEY_ID and ${prefix}_SECRET_ACCESS_KEY are given together or not at all`)
          )
        : Effect.succeed({ accessKeyId, secretAccessKey: Redacted.make(secretAccessKey) })
    }
  )

/** An address that may be absent. */
export const addressConfig = (name: string) => orUndefined(httpUrl(name))

/** What each of AWS's services is told: `<PREFIX>_ENDPOINT`, `_REGION`, `_ACCESS_KEY_ID`, `_SECRET_ACCESS_KEY`. */
export const awsConfig = (prefix: string) =>
  Config.map(
    Config.all({
      region: Config.NonEmptyString(`${prefix}_REGION`),
      endpoint: addressConfig(`${prefix}_ENDPOINT`),
      credentials: credentials(prefix)
    }),
    given
  )

/** Without the fields that nothing was said of. */
export function given<A extends object>(
  fields: A
): { [K in keyof A as undefined extends A[K] ? never : K]: A[K] } & {
  [K in keyof A as undefined extends A[K] ? K : never]?: Exclude<A[K], undefined>
} {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
