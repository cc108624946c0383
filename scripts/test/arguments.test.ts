import { assert, describe, it } from "@effect/vitest"
import { WrongArguments } from "../arguments.ts"
import * as planted from "../planted-bugs/arguments.ts"
import { bugs } from "../planted-bugs/bugs/index.ts"
import * as up from "../up/arguments.ts"

describe("the arguments of npm run up", () => {
  it("become options of docker compose up", () => {
    assert.deepStrictEqual(up.readArguments([]), { onlyServers: false, options: [] })
    assert.deepStrictEqual(up.readArguments(["--servers"]), { onlyServers: true, options: [] })
    assert.deepStrictEqual(up.readArguments(["--scale", "order=2", "--scale=payment=3", "--force-recreate"]), {
      onlyServers: false,
      options: ["--scale", "order=2", "--scale", "payment=3", "--force-recreate"]
    })
    assert.strictEqual(up.readArguments(["--servers", "--help"]), "help")
  })

  it("that nobody knows are refused, with those that there are", () => {
    for (const [words, why] of [
      [["--server"], "Unknown option '--server'."],
      [["order"], "Unexpected argument 'order'."],
      [["--scale", "order"], '--scale is NAME=N, as order=2, not "order".']
    ] as const) {
      assert.throws(() => up.readArguments(words), WrongArguments, `${why}\n\n${up.HELP}`)
    }
  })
})

describe("the arguments of npm run planted-bugs", () => {
  const [first, second] = bugs.map(({ name }) => name) as [string, string]

  it("say which bugs are tried; without any all are", () => {
    assert.strictEqual(planted.readArguments([], bugs), bugs)
    assert.deepStrictEqual(planted.readArguments(["--only", second, "--only", first], bugs), bugs.slice(0, 2))
    assert.strictEqual(planted.readArguments(["--help"], bugs), "help")
  })

  it("that nobody knows are refused, with those that there are", () => {
    const refused = (words: ReadonlyArray<string>, why: string) =>
      assert.throws(() => planted.readArguments(words, bugs), WrongArguments, why)
    refused(["--onyl"], `Unknown option '--onyl'.\n\n${planted.HELP}`)
    refused(["--only", "none"], `There is no bug "none"; there are ${first}, ${second}, `)
  })
})
