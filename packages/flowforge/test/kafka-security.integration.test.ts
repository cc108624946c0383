import { spawnSync } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { layerTestDatabase, selfSigned } from "@flowforge/testkit"
import { findKafka, KAFKA_MISSING, startKafka } from "@flowforge/testkit/kafka"
import { Effect } from "effect"
import { installation, launch } from "./programs.ts"

const program = await Effect.runPromise(findKafka)
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0
const missing = program === undefined ? ` (${KAFKA_MISSING})` : hasOpenssl ? "" : " (no openssl on the PATH)"

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "flowforge-kafka-tls-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

describe("a Kafka with TLS and SASL", () => {
  it.live.skipIf(missing !== "")(
    `is spoken to with its authority, user and password; what is wrong is named, and no secret with it${missing}`,
    () =>
      Effect.gen(function* () {
        const path = yield* folder
        const { certificateFile, keyFile } = selfSigned(path)
        const [username, password] = ["flowforge", "the-right-one"]
        const server = yield* startKafka(program!, { certificateFile, keyFile, username, password })
        const { environment } = yield* installation
        const right = {
          ...environment,
          FLOWFORGE_BROKER: "kafka",
          KAFKA_BROKERS: server.secure,
          KAFKA_TLS: "on",
          KAFKA_TLS_CA_FILE: certificateFile,
          KAFKA_SASL: "scram-sha-512",
          KAFKA_USERNAME: username,
          KAFKA_PASSWORD: password
        }
        const { KAFKA_TLS_CA_FILE: _, ...unknown } = right
        const wrong = { KAFKA_PASSWORD: "not-the-right-one" }
        const prepare = (changes: Partial<typeof right>, base: Partial<typeof right> = right) =>
          launch("prepare", { ...base, ...changes } as Readonly<Record<string, string>>)
        const scram = yield* prepare({})
        assert.deepStrictEqual(yield* scram.ended, { code: 0, signal: null }, scram.output())
        const [plain, ...refused] = yield* Effect.all([
          prepare({ KAFKA_SASL: "plain" }),
          prepare({ KAFKA_SASL: "plain", ...wrong }),
          prepare(wrong)
        ])
        const doubting = yield* prepare({}, unknown)
        assert.deepStrictEqual(yield* plain.ended, { code: 0, signal: null }, plain.output())
        for (const impostor of refused) {
          yield* impostor.says("KAFKA_USERNAME with KAFKA_PASSWORD is not accepted by Kafka: SASL")
          assert.notInclude(impostor.output(), wrong.KAFKA_PASSWORD)
        }
        yield* doubting.says("KAFKA_TLS_CA does not vouch for Kafka: ")
        assert.notInclude(doubting.output(), password)
      }).pipe(Effect.provide(layerTestDatabase), Effect.scoped),
    300_000
  )
})
