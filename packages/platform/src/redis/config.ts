import { readFile } from "node:fs/promises"
import { Config, ConfigProvider, Effect, Option, Redacted } from "effect"
import type { RedisOptions } from "./client.ts"

const mistake = (message: string) => new Config.ConfigError(new ConfigProvider.SourceError({ message }))

const read = (name: string, path: string): Effect.Effect<string, Config.ConfigError> =>
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
const file = (name: string): Config.Config<string | undefined> =>
  Config.option(Config.NonEmptyString(name)).pipe(
    Config.mapEffect((path) => (Option.isNone(path) ? Effect.undefined : read(name, path.value)))
  )

/** The variable itself, or the file named by `<NAME>_FILE`. */
const secret = (name: string): Config.Config<Redacted.Redacted | undefined> =>
  Config.all({ value: Config.option(Config.NonEmptyString(name)), fromFile: file(`${name}_FILE`) }).pipe(
    Config.mapEffect(({ fromFile, value }) => {
      if (Option.isSome(value) && fromFile !== undefined) {
        return Effect.fail(mistake(`${name} and ${name}_FILE are both set: give one of them`))
      }
      const text = fromFile ?? Option.getOrUndefined(value)
      return Effect.succeed(text === undefined ? undefined : Redacted.make(text))
    })
  )

/** `redis:` or `rediss:`, a host, and a database by its number if any. */
const isAddress = (text: string): boolean =>
  URL.canParse(text) && /^rediss?:\/\/[^/?#]+(?:\/\d*)?$/u.test(text) && new URL(text).hostname !== ""

/** What a process reads for its Redis. A mistake names its variable, never what it holds. */
export const redisConfig: Config.Config<RedisOptions> = Config.all({
  url: secret("REDIS_URL"),
  password: secret("REDIS_PASSWORD"),
  authority: file("REDIS_TLS_CA_FILE"),
  serverName: Config.option(Config.NonEmptyString("REDIS_TLS_SERVER_NAME")).pipe(Config.map(Option.getOrUndefined)),
  certificate: file("REDIS_TLS_CERT_FILE"),
  key: file("REDIS_TLS_KEY_FILE")
}).pipe(
  Config.mapEffect(({ authority, certificate, key, password, serverName, url }) => {
    if (url === undefined) return Effect.fail(mistake("REDIS_URL (or REDIS_URL_FILE) is missing"))
    if (!isAddress(Redacted.value(url))) {
      return Effect.fail(mistake("REDIS_URL is wrong: it must be a URL such as rediss://user@host:6379/0"))
    }
    if ((certificate === undefined) !== (key === undefined)) {
      return Effect.fail(mistake("REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE belong together: set both or none"))
    }
    const tls = {
      ...(authority === undefined ? {} : { authority }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(key === undefined ? {} : { key: Redacted.make(key) })
    }
    if (Object.keys(tls).length > 0 && !Redacted.value(url).startsWith("rediss:")) {
      return Effect.fail(mistake("REDIS_URL is wrong: with REDIS_TLS_… it must begin with rediss://"))
    }
    return Effect.succeed({ url, tls, ...(password === undefined ? {} : { password }) })
  })
)
