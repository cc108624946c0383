import { readFileSync } from "node:fs"
import { Config, ConfigProvider, Option, Redacted } from "effect"

/** A text that may be absent. */
export const optional = (name: string) =>
  Config.NonEmptyString(name).pipe(Config.option, Config.map(Option.getOrUndefined))

const mistake = (message: string) => Config.fail(new ConfigProvider.SourceError({ message }))

/** What a secret's file holds, or nothing when none is named. */
const fromFile = (name: string) =>
  Config.flatMap(optional(`${name}_FILE`), (path): Config.Config<string | undefined> => {
    if (path === undefined) return Config.succeed(undefined)
    try {
      const content = readFileSync(path, "utf8").trim()
      return content === "" ? mistake(`${name}_FILE names ${path}, which is empty`) : Config.succeed(content)
    } catch (error) {
      const { code = "unreadable" } = error as NodeJS.ErrnoException
      return mistake(`${name}_FILE names ${path}, which cannot be read (${code})`)
    }
  })

/** The variable's text, or that of the file that `<NAME>_FILE` names. */
const secret = (name: string) =>
  Config.flatMap(Config.all([optional(name), fromFile(name)]), ([text, content]) =>
    text !== undefined && content !== undefined
      ? mistake(`${name} and ${name}_FILE are both set: give one of them`)
      : Config.succeed(text ?? content)
  )

const credentials = (prefix: string) =>
  Config.flatMap(
    Config.all([secret(`${prefix}_ACCESS_KEY_ID`), secret(`${prefix}_SECRET_ACCESS_KEY`)]),
    ([accessKeyId, secretAccessKey]) => {
      if (accessKeyId === undefined && secretAccessKey === undefined) return Config.succeed(undefined)
      return accessKeyId === undefined || secretAccessKey === undefined
        ? mistake(`${prefix}_ACCESS_KEY_ID and ${prefix}_SECRET_ACCESS_KEY are given together or not at all`)
        : Config.succeed({ accessKeyId, secretAccessKey: Redacted.make(secretAccessKey) })
    }
  )

/** An address as it was written, without the slash that a URL would add. */
export const addressConfig = (name: string) =>
  Config.URL(name).pipe(
    Config.option,
    Config.map((url) => Option.getOrUndefined(url)?.href.replace(/\/$/u, ""))
  )

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
