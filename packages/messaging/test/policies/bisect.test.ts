import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as fc from "fast-check"
import { bisect } from "../../src/policies/bisect.ts"
import type { Failure } from "../../src/policies/failure.ts"

const failure: Failure = { kind: "retryable", text: "poison" }

/** A batch of `size` items with poison at some places. */
const batch = fc
  .integer({ min: 1, max: 200 })
  .chain((size) =>
    fc.record({ size: fc.constant(size), poison: fc.uniqueArray(fc.nat(size - 1), { maxLength: Math.min(size, 8) }) })
  )

const run = (size: number, poison: ReadonlySet<number>) =>
  Effect.gen(function* () {
    const [done, atFault]: [Array<number>, Array<number>] = [[], []]
    let executions = 0
    yield* bisect([...Array(size).keys()] as unknown as NonEmptyReadonlyArray<number>, {
      together: (items) =>
        Effect.sync(() => {
          executions++
          if (items.some((item) => poison.has(item))) return failure
          done.push(...items)
          return undefined
        }),
      atFault: (item) => Effect.sync(() => void atFault.push(item))
    })
    return { done, atFault, executions }
  })

describe("bisect", () => {
  it("finds exactly those at fault, in order, and carries out every other once", () => {
    fc.assert(
      fc.property(batch, ({ size, poison }) => {
        const { done, atFault } = Effect.runSync(run(size, new Set(poison)))
        assert.deepStrictEqual(
          atFault,
          poison.toSorted((a, b) => a - b)
        )
        assert.deepStrictEqual(
          done,
          [...Array(size).keys()].filter((item) => !poison.includes(item))
        )
      })
    )
  })

  it("takes 1 + 2k log2 n executions at most, for k of n at fault", () => {
    fc.assert(
      fc.property(batch, ({ size, poison }) => {
        const { executions } = Effect.runSync(run(size, new Set(poison)))
        assert.isAtMost(executions, 1 + 2 * poison.length * Math.ceil(Math.log2(size)))
      })
    )
  })

  it("goes no further when carrying out fails for all", () =>
    Effect.gen(function* () {
      let executions = 0
      const away = yield* Effect.flip(
        bisect([1, 2, 3, 4], {
          together: () =>
            Effect.suspend(() => {
              executions++
              return executions === 1 ? Effect.succeed(failure) : Effect.fail("away")
            }),
          atFault: () => Effect.void
        })
      )
      assert.strictEqual(away, "away")
      assert.strictEqual(executions, 2)
    }).pipe(Effect.runSync))
})
