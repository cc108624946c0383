import { Config, Effect, Redacted } from "effect"
import { file, isCertificate, isDecodable, mistake, optional, secret } from "../config.ts"
import type { RedisOptions } from "./client.ts"

/** `redis:` or `rediss:`, a host, and a database by its number if any. */
const isAddress = (text: string): boolean =>
  URL.canParse(text) &&
  /^rediss?:\/\/[^/?#]+(?:\/\d*)?$/u.test(text) &&
  new URL(text).hostname !== "" &&
  isDecodable(new URL(text))

/** What a process reads for its Redis. A mistake names its variable, never what it holds. */
export const redisConfig: Config.Config<RedisOptions> = Config.all({
  url: secret("REDIS_URL"),
  password: secret("REDIS_PASSWORD"),
  authority: file("REDIS_TLS_CA_FILE"),
  serverName: optional("REDIS_TLS_SERVER_NAME"),
  certificate: file("REDIS_TLS_CERT_FILE"),
  key: file("REDIS_TLS_KEY_FILE")
}).pipe(
  Config.mapEffect(({ authority, certificate, key, password, serverName, url }) => {
    if (url === undefined) return Effect.fail(mistake("REDIS_URL (or REDIS_URL_FILE) is missing"))
    if (!isAddress(url)) {
      return Effect.fail(mistake("REDIS_URL is wrong: it must be a URL such as rediss://user@host:6379/0"))
    }
    if ((certificate === undefined) !== (key === undefined)) {
      return Effect.fail(mistake("REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE belong together: set both or none"))
    }
    for (const [name, text] of [
      ["REDIS_TLS_CA_FILE", authority],
      ["REDIS_TLS_CERT_FILE", certificate]
    ] as const) {
      if (text !== undefined && !isCertificate(text)) {
        return Effect.fail(mistake(`${name} is wrong: what it names must hold a certificate as PEM`))
      }
    }
    const tls = {
      ...(authority === undefined ? {} : { authority }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(key === undefined ? {} : { key: Redacted.make(key) })
    }
    if (Object.keys(tls).length > 0 && !url.startsWith("rediss:")) {
      return Effect.fail(mistake("REDIS_URL is wrong: with REDIS_TLS_… it must begin with rediss://"))
    }
    return Effect.succeed({
      url: Redacted.make(url),
      tls,
      ...(password === undefined ? {} : { password: Redacted.make(password) })
    })
  })
)
