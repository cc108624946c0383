import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { LEADER_TIMES, whileLeading } from "../src/leader.ts"
import { Kinds } from "../src/kubernetes/index.ts"
import { Memory } from "./memory.ts"

/** Candidates for one Lease, and who of them is at work. */
const makeElection = () => {
  const memory = new Memory()
  const working = new Set<string>()
  let most = 0
  const candidate = (identity: string, isReachable?: () => boolean) =>
    whileLeading(
      { namespace: "flowforge-system", name: "lease", identity },
      Effect.acquireUseRelease(
        Effect.sync(() => {
          working.add(identity)
          most = Math.max(most, working.size)
        }),
        () => Effect.never,
        () => Effect.sync(() => working.delete(identity))
      )
    ).pipe(Effect.provide(memory.layer(isReachable)))
  return { memory, working, candidate, most: () => most }
}

const { deadline, lease, retry } = LEADER_TIMES

describe("leading", () => {
  it.effect("is for one; the others stand by", () =>
    Effect.gen(function* () {
      const { candidate, most, working } = makeElection()
      yield* Effect.forkChild(candidate("first"))
      yield* Effect.forkChild(candidate("second"))
      yield* TestClock.adjust(10 * lease)
      assert.deepStrictEqual({ size: working.size, most: most() }, { size: 1, most: 1 })
    })
  )

  it.effect("goes over at once when the leader is asked to stop", () =>
    Effect.gen(function* () {
      const { candidate, working } = makeElection()
      const first = yield* Effect.forkChild(candidate("first"))
      yield* TestClock.adjust(retry)
      yield* Effect.forkChild(candidate("second"))
      yield* TestClock.adjust(retry)
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust(retry)
      assert.deepStrictEqual([...working], ["second"])
    })
  )

  it.effect(
    "ends before another one may begin, where the leader no longer reaches the API server; back again it stands by",
    () =>
      Effect.gen(function* () {
        const { candidate, most, working } = makeElection()
        let isReachable = true
        yield* Effect.forkChild(candidate("first", () => isReachable))
        yield* TestClock.adjust(retry)
        const second = yield* Effect.forkChild(candidate("second"))
        yield* TestClock.adjust(5 * retry)
        isReachable = false
        yield* TestClock.adjust(deadline + retry)
        assert.deepStrictEqual([...working], [])
        yield* TestClock.adjust(lease)
        assert.deepStrictEqual({ working: [...working], most: most() }, { working: ["second"], most: 1 })
        isReachable = true
        yield* TestClock.adjust(10 * lease)
        assert.deepStrictEqual([...working], ["second"])
        yield* Fiber.interrupt(second)
        yield* TestClock.adjust(2 * retry)
        assert.deepStrictEqual({ working: [...working], most: most() }, { working: ["first"], most: 1 })
      })
  )

  it.effect("is kept through an outage shorter than the deadline", () =>
    Effect.gen(function* () {
      const { candidate, working } = makeElection()
      let isReachable = true
      yield* Effect.forkChild(candidate("first", () => isReachable))
      yield* TestClock.adjust(retry)
      isReachable = false
      yield* TestClock.adjust(deadline - 2 * retry)
      isReachable = true
      yield* TestClock.adjust(10 * lease)
      assert.deepStrictEqual([...working], ["first"])
    })
  )

  it.effect("is given up at once where somebody else wrote himself into the Lease", () =>
    Effect.gen(function* () {
      const { candidate, memory, working } = makeElection()
      yield* Effect.forkChild(candidate("first"))
      yield* TestClock.adjust(retry)
      const [key, found] = [...memory.objects].find(([, { kind }]) => kind === Kinds.lease.kind)!
      memory.objects.set(key, {
        ...found,
        metadata: { ...found.metadata, resourceVersion: "another" },
        spec: { ...found.spec, holderIdentity: "somebody" }
      })
      yield* TestClock.adjust(2 * retry)
      assert.deepStrictEqual([...working], [])
    })
  )
})
