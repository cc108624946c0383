import { mkdir, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { layerTestDatabase, TestDatabase } from "@flowforge/testkit"
import { Duration, Effect, Redacted } from "effect"
import { auditInstance, isViolated } from "../../src/audit/index.ts"
import { gatewayWith, temporaryFolder } from "./records.ts"
import { makeWorld } from "./world.ts"

/** The world of world.ts as a running system keeps it: a database, a gateway, two folders. */
const runningWorld = Effect.gen(function* () {
  const world = yield* makeWorld
  const { url } = yield* TestDatabase
  const folder = yield* temporaryFolder
  const objectsFolder = join(folder, "objects")
  const mailFolder = join(folder, "mail")
  yield* Effect.promise(async () => {
    for (const [key, body] of world.objects) {
      await mkdir(dirname(join(objectsFolder, key)), { recursive: true })
      await writeFile(join(objectsFolder, key), body)
    }
    await mkdir(mailFolder)
    for (const { id } of world.messages) await writeFile(join(mailFolder, `${id}.json`), "{}")
  })
  return {
    pid: 1,
    publicUrl: "",
    managementUrl: "",
    postgresUrl: Redacted.value(url),
    gatewayUrl: yield* gatewayWith(world.ledger),
    objectsFolder,
    mailFolder
  }
})

const violatedIn = (...[instance, options]: Parameters<typeof auditInstance>) =>
  Effect.map(auditInstance(instance, options), (findings) =>
    findings.filter(isViolated).map(({ invariant }) => invariant)
  )

layer(layerTestDatabase, { excludeTestServices: true })("a running system", (it) => {
  const settleTime = Duration.zero

  it.effect("is audited by its database, its gateway's ledger, its receipts and its mails", () =>
    Effect.gen(function* () {
      const instance = yield* runningWorld
      assert.deepStrictEqual(yield* violatedIn(instance, { settleTime }), [])
      yield* Effect.promise(() => rm(join(instance.objectsFolder, "receipts"), { recursive: true }))
      yield* Effect.promise(() => rm(instance.mailFolder, { recursive: true }))
      assert.deepStrictEqual(yield* violatedIn(instance, { settleTime }), [
        "each notification that says sent was sent exactly once",
        "every stored receipt opens, has the hash it was stored with, and names its order and the order's total"
      ])
      assert.deepStrictEqual(yield* violatedIn(instance, { settleTime, notificationsKept: false }), [])
    }).pipe(Effect.scoped)
  )

  it.effect("is not called right when one of its records cannot be read", () =>
    Effect.gen(function* () {
      const instance = yield* runningWorld
      const noGateway = yield* Effect.flip(
        auditInstance({ ...instance, gatewayUrl: "http://127.0.0.1:1" }, { settleTime })
      )
      assert.match(noGateway.message, /gateway's ledger cannot be read/u)
      const elsewhere = instance.postgresUrl.replace(/[^/]+$/u, "nowhere")
      const noDatabase = yield* Effect.flip(auditInstance({ ...instance, postgresUrl: elsewhere }, { settleTime }))
      assert.match(noDatabase.message, /database cannot be read/u)
    }).pipe(Effect.scoped)
  )
})
