import { assert, describe, it } from "@effect/vitest"
import { eventually, layerTestDatabase } from "@flowforge/testkit"
import { Effect } from "effect"
import { installation, launch } from "./programs.ts"

const holds = ({ managementUrl }: { readonly managementUrl: string }) =>
  Effect.promise(async () => {
    const text = await fetch(`${managementUrl}/metrics`).then((response) => response.text())
    return /^flowforge_singleton_held\{[^}]*name="order"[^}]*\} 1$/mu.test(text)
  })

describe("the jobs of a service", () => {
  it.live(
    "are done by one of its processes, and by another when that is killed",
    () =>
      Effect.gen(function* () {
        const { environment } = yield* installation
        const both = [yield* launch("order", environment), yield* launch("order", environment)] as const
        yield* Effect.forEach(both, ({ ready }) => ready, { concurrency: "unbounded" })
        const holders = Effect.filter(both, holds)
        yield* eventually(
          "one holds the lock",
          Effect.map(holders, ({ length }) => length === 1)
        )
        const [holder] = yield* holders
        const other = both.find((one) => one !== holder)!
        yield* holder!.end("SIGKILL")
        yield* eventually("the other holds it", holds(other))
        assert.deepStrictEqual(yield* other.end("SIGTERM"), { code: 0, signal: null })
      }).pipe(Effect.provide(layerTestDatabase), Effect.scoped),
    60_000
  )
})
