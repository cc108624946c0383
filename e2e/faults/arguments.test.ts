import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { parseArguments } from "./arguments.ts"
import type { Fault } from "./fault.ts"

const known = ["kill-all", "redis-killed", "redis-frozen"].map((name): Fault => ({
  name,
  what: `${name} happens`,
  happen: () => Effect.void
}))
const asked = (...words: ReadonlyArray<string>) =>
  Result.map(parseArguments(words, known), ({ faults, for: purpose }) => [purpose, ...faults.map(({ name }) => name)])

describe("what npm run test:faults is asked for", () => {
  it("is every fault, unless some are named, by whole names or their beginnings", () => {
    assert.deepStrictEqual(asked(), Result.succeed(["run", "kill-all", "redis-killed", "redis-frozen"]))
    assert.deepStrictEqual(asked("--only", "redis"), Result.succeed(["run", "redis-killed", "redis-frozen"]))
    assert.deepStrictEqual(
      asked("--only", "kill-all", "--only=redis-f"),
      Result.succeed(["run", "kill-all", "redis-frozen"])
    )
  })

  it("is refused when there is no such fault or flag", () => {
    assert.deepStrictEqual(asked("--only", "kil-all"), Result.fail('There is no fault "kil-all"; --list names them.'))
    assert.deepStrictEqual(asked("--rate", "many"), Result.fail('--rate is a whole number from 1 to 100, not "many".'))
    assert.match(Result.merge(asked("--twice")) as string, /^Unknown option '--twice'/u)
  })

  it("may be the list or the help", () => {
    assert.deepStrictEqual(asked("--list", "--only", "kill"), Result.succeed(["list", "kill-all"]))
    assert.deepStrictEqual(asked("-h"), Result.succeed(["help", "kill-all", "redis-killed", "redis-frozen"]))
  })
})
