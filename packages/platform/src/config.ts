import { X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import { Config, ConfigProvider, Effect, Option, Schema } from "effect"

/** What an address that is called by HTTP must be, for people who got it wrong. */
export const HTTP_URL = "a URL that begins with http:// or https://"

/** `localhost:8070` is a URL too, of the scheme `localhost`. */
const isHttpUrl = (text: string): boolean =>
  /^https?:\/\//u.test(text) && URL.canParse(text) && new URL(text).port !== "0"

const HttpUrl = Schema.String.check(Schema.makeFilter(isHttpUrl, { expected: HTTP_URL }))

/** An address that is called by HTTP, without the slash that a URL ends with. */
export const httpUrl = (name: string): Config.Config<string> =>
  Config.map(Config.schema(HttpUrl, name), (text) => new URL(text).href.replace(/\/+$/u, ""))

/** Whether the text holds a certificate as PEM: neither the path of one, nor one whose lines were lost. */
export const isCertificate = (text: string): boolean => {
  try {
    return new X509Certificate(text).raw.length > 0
  } catch {
    return false
  }
}

/** Whether what stands in the URL can be read: a % that begins no code cannot. */
export const isDecodable = ({ hostname, password, pathname, username }: URL): boolean => {
  try {
    for (const part of [hostname, password, pathname, username]) decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

/** What is wrong with the environment, in a sentence that names the variable and not what it holds. */
export const mistake = (message: string) => new Config.ConfigError(new ConfigProvider.SourceError({ message }))

/** What may be absent. */
export const orUndefined = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  config.pipe(Config.option, Config.map(Option.getOrUndefined))

/** A text that may be absent. */
export const optional = (name: string): Config.Config<string | undefined> => orUndefined(Config.NonEmptyString(name))

const contentOf = (name: string, path: string): Effect.Effect<string, Config.ConfigError> =>
  Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: (error) =>
      mistake(`${name} names ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? "unreadable"})`)
  }).pipe(
    Effect.flatMap((text) =>
      text.trim() === "" ? Effect.fail(mistake(`${name} names ${path}, which is empty`)) : Effect.succeed(text.trim())
    )
  )

/** What the file named by the variable holds. */
export const file = (name: string): Config.Config<string | undefined> =>
  Config.mapEffect(optional(name), (path) => (path === undefined ? Effect.undefined : contentOf(name, path)))

/** The variable's text, or that of the file which `<NAME>_FILE` names. */
export const secret = (name: string): Config.Config<string | undefined> =>
  Config.all({ text: optional(name), content: file(`${name}_FILE`) }).pipe(
    Config.mapEffect(({ content, text }) =>
      text !== undefined && content !== undefined
        ? Effect.fail(mistake(`${name} and ${name}_FILE are both set: give one of them`))
        : Effect.succeed(text ?? content)
    )
  )
