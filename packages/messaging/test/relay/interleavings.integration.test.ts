import { assert, layer } from "@effect/vitest"
import { OutboxRelay, Wakeups } from "@flowforge/messaging"
import { layer as layerMemory, MemoryBroker } from "@flowforge/messaging/memory"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect, Fiber, Layer, Schedule } from "effect"
import * as fc from "fast-check"
import { loadCursor } from "../../src/relay/cursor.ts"
import { readAfter } from "../../src/relay/rows.ts"
import { eventually } from "../eventually.ts"
import { note, textOf } from "../messages.ts"
import { appendAndHold, committedIn } from "../appending.ts"

/** What happens, one after another, while relays are at work. */
type Happening =
  | { readonly _tag: "begin"; readonly keys: ReadonlyArray<string> }
  | { readonly _tag: "end"; readonly which: number; readonly commits: boolean }
  | { readonly _tag: "start relay" }
  | { readonly _tag: "relay catches up" }
  | { readonly _tag: "kill relay"; readonly which: number }
  | { readonly _tag: "broker fails after"; readonly messages: number }

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      _tag: fc.constant("begin" as const),
      keys: fc.array(fc.constantFrom("k1", "k2"), { minLength: 1, maxLength: 4 })
    })
  },
  { weight: 4, arbitrary: fc.record({ _tag: fc.constant("end" as const), which: fc.nat(9), commits: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("start relay" as const) }) },
  { weight: 3, arbitrary: fc.record({ _tag: fc.constant("relay catches up" as const) }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("kill relay" as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("broker fails after" as const), messages: fc.nat(4) }) }
)

/** Connections are few: at most so many transactions are open at once. */
const MAX_OPEN = 4
const MAX_RELAYS = 2

/** Gives a relay the time to come to the end of what it may see, if there is one at work and nothing keeps it. */
const catchUp = (source: string) =>
  Effect.gen(function* () {
    const { position } = yield* loadCursor(source)
    return (yield* readAfter(source, position, 1)).rows.length === 0
  }).pipe(Effect.repeat({ until: (isAtEnd) => isAtEnd, schedule: Schedule.spaced("2 millis"), times: 15 }))

let runs = 0

const story = Effect.fnUntraced(
  function* (happenings: ReadonlyArray<Happening>) {
    const source = `source ${runs++}`
    const broker = yield* MemoryBroker
    const relay = OutboxRelay.run({ source, subscriptions: [], batch: 3 })
    const open: Array<Effect.Success<ReturnType<typeof appendAndHold>>> = []
    const relays: Array<Fiber.Fiber<unknown, unknown>> = []
    let texts = 0
    for (const each of happenings) {
      if (each._tag === "begin" && open.length < MAX_OPEN) {
        open.push(yield* appendAndHold(source, ...each.keys.map((key) => note(key, String(texts++)))))
      } else if (each._tag === "end" && open.length > 0) {
        const [transaction] = open.splice(each.which % open.length, 1)
        yield* each.commits ? transaction!.commit : transaction!.rollBack
      } else if (each._tag === "start relay" && relays.length < MAX_RELAYS) {
        // Two at once on purpose: the lock keeps them apart but for a moment, and that moment must be harmless.
        relays.push(yield* Effect.forkScoped(relay))
      } else if (each._tag === "relay catches up" && relays.length > 0) {
        yield* catchUp(source)
      } else if (each._tag === "kill relay" && relays.length > 0) {
        yield* Fiber.interrupt(relays.splice(each.which % relays.length, 1)[0]!)
      } else if (each._tag === "broker fails after") {
        yield* broker.cutOff(each.messages)
      }
    }
    for (const transaction of open) yield* transaction.commit
    if (relays.length === 0) yield* Effect.forkScoped(relay)
    const committed = (yield* committedIn(source)).map((message) => ({
      key: message.key,
      text: textOf(message)
    }))
    const taken = yield* eventually(
      Effect.sync(() => broker.records("note.taken").map((message) => ({ key: message.key, text: textOf(message) }))),
      (taken) => new Set(taken.map(({ text }) => text)).size >= committed.length
    )
    for (const key of ["k1", "k2"]) {
      const inOrder = (messages: typeof taken) => [
        ...new Set(messages.filter((message) => message.key === key).map(({ text }) => text))
      ]
      assert.deepStrictEqual(inOrder(taken), inOrder(committed))
    }
  },
  Effect.scoped,
  Effect.provide(layerMemory, { local: true })
)

layer(Layer.mergeAll(layerTestDatabase, Wakeups.layer), { excludeTestServices: true })("OutboxRelay", (it) => {
  it.effect(
    "whatever the interleaving of commits, failures and relays, publishes every row and keeps each key's order",
    () =>
      Effect.gen(function* () {
        const run = Effect.runPromiseWith(yield* Effect.context<Effect.Services<ReturnType<typeof story>>>())
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 25 }), (happenings) =>
              run(story(happenings))
            ),
            { numRuns: 40 }
          )
        )
      }),
    60_000
  )
})
