import { assert, describe, it } from "@effect/vitest"
import { Broker, PublishFailed } from "@flowforge/messaging"
import { Effect, Fiber } from "effect"
import * as fc from "fast-check"
import { TestClock } from "effect/testing"
import { publishAll } from "../../src/relay/publish.ts"
import { note, textOf } from "../messages.ts"
import { layerRecorder, makeRecorder } from "./recorder.ts"

describe("publishAll", () => {
  it("publishes all but what is refused, once and in order, whatever is refused", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (refusals) => {
        const recorder = makeRecorder()
        recorder.refuses = (message) => refusals[Number(textOf(message))] === true
        const messages = refusals.map((_, index) => note("k", String(index)))
        const refused = await Effect.runPromise(Effect.provide(publishAll(messages), layerRecorder(recorder)))
        const indexesWhere = (isRefused: boolean) =>
          refusals.flatMap((each, index) => (each === isRefused ? [String(index)] : []))
        assert.deepStrictEqual(recorder.taken.map(textOf), indexesWhere(false))
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
