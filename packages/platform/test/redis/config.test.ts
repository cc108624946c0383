import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { rootCertificates } from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import { redisConfig } from "@flowforge/platform/redis"
import { ConfigProvider, Effect, Redacted } from "effect"
import { temporaryFolder } from "../temporary-folder.ts"

const authority = rootCertificates[0]!

const parse = (variables: Readonly<Record<string, string>>) => redisConfig.parse(ConfigProvider.fromUnknown(variables))

describe("the configuration of Redis", () => {
  it.effect("takes secrets and certificates from files", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const file = (name: string, text: string) => {
        writeFileSync(join(folder, name), `${text}\n`)
        return join(folder, name)
      }
      const { password, tls, url } = yield* parse({
        REDIS_URL_FILE: file("url", "rediss://app@cache:6380/1"),
        REDIS_PASSWORD_FILE: file("password", "s3cret"),
        REDIS_TLS_CA_FILE: file("ca", authority),
        REDIS_TLS_SERVER_NAME: "redis.internal"
      })
      assert.strictEqual(Redacted.value(url), "rediss://app@cache:6380/1")
      assert.strictEqual(Redacted.value(password!), "s3cret")
      assert.deepStrictEqual(tls, { authority, serverName: "redis.internal" })
    })
  )

  it.effect("names the variable at fault, and never what it holds", () =>
    Effect.gen(function* () {
      const refusal = (variables: Readonly<Record<string, string>>) =>
        Effect.map(Effect.flip(parse(variables)), ({ message }) => message)
      assert.include(yield* refusal({}), "REDIS_URL (or REDIS_URL_FILE) is missing")
      const wrong = yield* refusal({ REDIS_URL: "http://:s3cret@cache" })
      assert.include(wrong, "REDIS_URL is wrong")
      assert.notInclude(wrong, "s3cret")
      const url = { REDIS_URL: "redis://cache" }
      assert.include(yield* refusal({ ...url, REDIS_URL_FILE: import.meta.filename }), "are both set")
      assert.include(yield* refusal({ ...url, REDIS_PASSWORD_FILE: "/nowhere/secret" }), "cannot be read (ENOENT)")
      assert.include(yield* refusal({ ...url, REDIS_TLS_SERVER_NAME: "cache" }), "must begin with rediss://")
      assert.include(
        yield* refusal({ REDIS_URL: "rediss://cache", REDIS_TLS_CERT_FILE: import.meta.filename }),
        "belong together"
      )
      assert.include(
        yield* refusal({ REDIS_URL: "rediss://cache", REDIS_TLS_CA_FILE: import.meta.filename }),
        "REDIS_TLS_CA_FILE is wrong"
      )
      assert.include(yield* refusal({ REDIS_URL: "redis://:p%zz@cache" }), "REDIS_URL is wrong")
    })
  )
})
