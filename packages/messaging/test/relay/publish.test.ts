import { assert, describe, it } from "@effect/vitest"
import { Broker, PublishFailed } from "@flowforge/messaging"
import { layer as layerMemory, MemoryBroker } from "@flowforge/messaging/memory"
import { Effect, Fiber } from "effect"
import * as fc from "fast-check"
import { TestClock } from "effect/testing"
import { publishAll } from "../../src/relay/publish.ts"
import { note, textOf } from "../messages.ts"

describe("publishAll", () => {
  it("publishes all but what is refused, once and in order, whatever is refused", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (refusals) => {
        const messages = refusals.map((_, index) => note("k", String(index)))
        const { refused, taken } = await Effect.runPromise(
          Effect.gen(function* () {
            const memory = yield* MemoryBroker
            yield* memory.refuse((message) => refusals[Number(textOf(message))] === true)
            return { refused: yield* publishAll(messages), taken: memory.records("note.taken").map(textOf) }
          }).pipe(Effect.provide(layerMemory))
        )
        const indexesWhere = (isRefused: boolean) =>
          refusals.flatMap((each, index) => (each === isRefused ? [String(index)] : []))
        assert.deepStrictEqual(taken, indexesWhere(false))
        assert.deepStrictEqual(
          refused.map(({ message }) => textOf(message)),
          indexesWhere(true)
        )
      })
    ))

  it.effect("counts a broker that does not answer as away, not as refusing", () =>
    Effect.gen(function* () {
      const silent = Broker.of({
        publish: () => Effect.never,
        subscribe: () => Effect.die("nobody reads here"),
        clusterId: Effect.never
      })
      const publishing = yield* Effect.forkChild(
        Effect.flip(publishAll([note("k", "a"), note("k", "b")])).pipe(Effect.provideService(Broker, silent))
      )
      yield* TestClock.adjust("30 seconds")
      const failure = yield* Fiber.join(publishing)
      assert.deepStrictEqual(failure, new PublishFailed({ reason: "no answer within 30 seconds", refused: false }))
    })
  )
})
