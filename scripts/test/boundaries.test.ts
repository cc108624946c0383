import { describe, expect, it } from "vitest"
import { check } from "../boundaries/check.ts"
import type { Exception } from "../boundaries/outside.ts"
import { withoutComments } from "../boundaries/sources.ts"
import { tree } from "./tree.ts"

const ROOT = { "package.json": { name: "flowforge", devDependencies: { vitest: "1" } } }
const E2E = { "e2e/package.json": { name: "@flowforge/e2e" } }

/** A package with its declarations; `.` and `./door` are what it exports. */
const pkg = (name: string, declared: object = {}) => ({
  [`packages/${name}/package.json`]: {
    name: `@flowforge/${name}`,
    exports: { ".": "./src/index.ts", "./door": "./src/door.ts" },
    ...declared
  }
})
const on = (...names: ReadonlyArray<string>) => Object.fromEntries(names.map((name) => [name, "1"]))
const checked = (files: Record<string, string | object>, exceptions: ReadonlyArray<Exception> = []) =>
  check(tree({ ...ROOT, ...E2E, ...files }), exceptions)

describe("the direction of imports", () => {
  it("as drawn is no complaint", () => {
    expect(
      checked({
        ...pkg("contracts", { dependencies: on("effect") }),
        ...pkg("messaging", { devDependencies: on("@flowforge/testkit") }),
        ...pkg("platform"),
        ...pkg("testkit", { dependencies: on("@flowforge/platform") }),
        ...pkg("order", { dependencies: on("@flowforge/contracts", "@flowforge/messaging") }),
        ...pkg("embedded", { dependencies: on("@flowforge/order") }),
        "packages/contracts/src/index.ts": 'import { Schema } from "effect"\nimport { join } from "node:path"',
        "packages/messaging/test/a.test.ts":
          'import "@flowforge/testkit"\nimport "@flowforge/messaging"\nimport "vitest"',
        "packages/testkit/src/index.ts": 'export * from "@flowforge/platform/door"',
        "packages/order/src/index.ts":
          'import "@flowforge/contracts"\nimport "@flowforge/messaging/door"\nimport "./a.ts"',
        "packages/embedded/src/main.ts": 'import "@flowforge/order"'
      })
    ).toEqual([])
  })

  it.each([
    ["contracts", "platform", "no other package"],
    ["messaging", "contracts", "no other package"],
    ["platform", "messaging", "contracts"],
    ["platform", "order", "contracts"],
    ["order", "payment", "contracts, messaging, platform"],
    ["order", "testkit", "contracts, messaging, platform"],
    ["gateway-simulator", "messaging", "contracts, platform"],
    ["testkit", "inventory", "contracts, messaging, platform"]
  ])("from %s to %s is against the house", (from, to, may) => {
    const name = `@flowforge/${to}`
    const files = {
      ...pkg(from, { dependencies: on(name) }),
      ...pkg(to),
      [`packages/${from}/src/a.ts`]: `import { x } from "${name}"`
    }
    expect(checked(files)).toEqual([`packages/${from}/src/a.ts: imports ${name}, but ${from} may import ${may}`])
  })

  it("holds for tests too, which may use testkit besides", () => {
    const files = {
      ...pkg("order", { devDependencies: on("@flowforge/inventory", "@flowforge/testkit") }),
      ...pkg("inventory"),
      ...pkg("testkit"),
      "packages/order/test/a.test.ts": 'import "@flowforge/testkit"\nimport { x } from "@flowforge/inventory"'
    }
    expect(checked(files)).toEqual([
      "packages/order/test/a.test.ts: imports @flowforge/inventory, but a test of order may import contracts, messaging, platform, testkit"
    ])
  })

  it.each([
    'await import("@flowforge/payment")',
    'import.meta.resolve("@flowforge/payment")',
    'export * from "@flowforge/payment"'
  ])("is seen in %s", (code) => {
    const files = {
      ...pkg("order", { dependencies: on("@flowforge/payment") }),
      ...pkg("payment"),
      "packages/order/src/a.ts": code
    }
    expect(checked(files)).toHaveLength(1)
  })

  it("has no room for a package that is not drawn", () => {
    const files = {
      ...pkg("shipping", { dependencies: on("@flowforge/contracts") }),
      ...pkg("contracts"),
      "packages/shipping/src/a.ts": 'import "@flowforge/contracts"'
    }
    expect(checked(files)).toEqual([
      "packages/shipping/src/a.ts: shipping has no place in the house (scripts/boundaries/directions.ts)"
    ])
  })

  it("is not gone around by a path, by a file that is not exported, or by a package's own name", () => {
    const files = {
      ...pkg("order", { dependencies: on("@flowforge/platform") }),
      ...pkg("platform"),
      "packages/order/src/a.ts": 'import "../../payment/src/domain.ts"',
      "packages/order/src/b.ts": 'import "@flowforge/platform/src/cache.ts"',
      "packages/order/src/c.ts": 'import "@flowforge/order"'
    }
    expect(checked(files)).toEqual([
      "packages/order/src/a.ts: reaches into packages/payment/src/domain.ts by a path; import what that package exports",
      "packages/order/src/b.ts: imports @flowforge/platform/src/cache.ts, which @flowforge/platform does not export",
      "packages/order/src/c.ts: imports its own package by name"
    ])
  })
})

describe("declarations", () => {
  it("are missing where src imports what only tests may, and where nobody declares it", () => {
    const files = {
      ...pkg("order", { devDependencies: on("uuid") }),
      "packages/order/src/a.ts": 'import { v7 } from "uuid"',
      "packages/order/test/a.test.ts": 'import { v7 } from "uuid"\nimport pg from "pg"\nimport "vitest"'
    }
    expect(checked(files)).toEqual([
      "packages/order/src/a.ts: imports uuid, which packages/order/package.json does not declare as a dependency",
      "packages/order/test/a.test.ts: imports pg, which packages/order/package.json does not declare"
    ])
  })

  it("are complained about where nothing uses them", () => {
    const files = {
      ...pkg("order", { dependencies: on("effect", "uuid"), devDependencies: on("fast-check", "@types/pdfkit") }),
      "packages/order/src/a.ts": 'import "effect/sql" // and once "uuid"',
      "packages/order/test/a.test.ts": 'import "uuid"'
    }
    expect(checked(files)).toEqual([
      "packages/order/package.json: declares uuid, which src does not use",
      "packages/order/package.json: declares fast-check for its tests, which do not use it",
      "packages/order/package.json: declares @types/pdfkit for its tests, which do not use it"
    ])
  })
})

describe("what a Layer gives", () => {
  it.each([
    ['const port = process.env["PORT"]', "process.env"],
    ["const now = Date.now()", "Date.now"],
    ["const now = new Date()", "Date.now"],
    ["const text = `at ${Date.now()}`", "Date.now"],
    ["const n = Math.random()", "Math.random"],
    ['console.log("here")', "console"]
  ])("is not taken from the process by %s", (code, name) => {
    expect(checked({ ...pkg("order"), "packages/order/src/a.ts": code })).toEqual([
      `packages/order/src/a.ts: uses ${name}; take it from a Layer (Config, Clock, Random, Effect.log)`
    ])
  })

  it("may be named in a comment, in a text and in a test", () => {
    const files = {
      ...pkg("order"),
      "packages/order/src/a.ts": '// not Date.now\nconst text = "console.log and process.env"\nnew Date(millis)',
      "packages/order/test/a.test.ts": "Date.now()"
    }
    expect(checked(files)).toEqual([])
  })

  it("has exceptions for one file and one thing, which go when they are not needed", () => {
    const path = "packages/order/src/a.ts"
    const files = { ...pkg("order"), [path]: 'spawn({ env: process.env })\nconsole.log("here")' }
    const because = "a child inherits it"
    expect(checked(files, [{ path, uses: "process.env", because }])).toEqual([
      `${path}: uses console; take it from a Layer (Config, Clock, Random, Effect.log)`
    ])
    expect(checked({ ...pkg("order"), [path]: "" }, [{ path, uses: "process.env", because }])).toEqual([
      `${path}: no longer uses process.env; take its exception out of scripts/boundaries/outside.ts`
    ])
  })
})

describe("a file's code", () => {
  it("is read without its comments, whatever its texts look like", () => {
    expect(withoutComments('a("http://b") // c\nd(`//e`)/* f\n*/ g')).toBe('a("http://b")     \nd(`//e`)    \n   g')
  })
})
