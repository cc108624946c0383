import { spawnSync } from "node:child_process"
import { chmod, chown, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { startEmbeddedPostgres } from "@flowforge/platform/embedded-postgres"
import { Effect, Redacted } from "effect"
import { launch } from "./programs.ts"

const run = (program: string, given: ReadonlyArray<string>) => spawnSync(program, given, { encoding: "utf8" })
const hasOpenssl = run("openssl", ["version"]).status === 0

const folder = Effect.acquireRelease(
  Effect.promise(async () => {
    const path = await mkdtemp(join(tmpdir(), "flowforge-tls-"))
    await chmod(path, 0o755)
    return path
  }),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

/** A certificate for 127.0.0.1 that signed itself, with a key that the server's user may read. */
const selfSigned = async (path: string) => {
  const [certificate, key] = [join(path, "server.crt"), join(path, "server.key")]
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
  run("openssl", ["req", "-x509", "-nodes", ...curve, "-days", "2", ...name, "-keyout", key, "-out", certificate])
  // Run as root, PostgreSQL is another user.
  if (process.getuid?.() === 0) await chown(key, Number(run("id", ["-u", "postgres"]).stdout), 0)
  return { certificate, key }
}

describe("a PostgreSQL with TLS", () => {
  it.live.skipIf(!hasOpenssl)(
    "is trusted with the authority that was given, and waited for without (needs openssl on the PATH)",
    () =>
      Effect.gen(function* () {
        const path = yield* folder
        const { certificate, key } = yield* Effect.promise(() => selfSigned(path))
        const { url } = yield* startEmbeddedPostgres({
          folder: join(path, "postgres"),
          settings: { fsync: "off", ssl: "on", ssl_cert_file: certificate, ssl_key_file: key }
        })
        // By the network: the local socket knows no TLS.
        const address = Redacted.value(url).split("?")[0]!
        const [trusting, doubting] = yield* Effect.all([
          launch("migrate", { DATABASE_URL: address, DATABASE_TLS_CA_FILE: certificate }),
          launch("migrate", { DATABASE_URL: `${address}?sslmode=require` })
        ])
        assert.deepStrictEqual(yield* trusting.ended, { code: 0, signal: null }, trusting.output())
        yield* doubting.says("waiting for PostgreSQL: ")
        assert.match(doubting.output(), /self-signed certificate/u)
      }).pipe(Effect.scoped),
    60_000
  )
})
