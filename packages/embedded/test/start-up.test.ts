import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { freePort } from "@flowforge/platform/child-process"
import { Cause, ConfigProvider, Effect, Exit, Redacted } from "effect"
import { SqlError } from "effect/sql"
import { banner } from "../src/banner.ts"
import { urlOf } from "../src/config.ts"
import { explain } from "../src/explain.ts"
import { lockDataFolder } from "../src/instance/lock.ts"
import { signingKey } from "../src/signing-key.ts"
import { startSystem } from "../src/system.ts"

/** A folder to start in, with a file and a port of somebody else's. */
const surroundings = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "flowforge-start-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
  yield* Effect.promise(() => writeFile(join(folder, "file"), ""))
  const taken = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer().listen(0, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) => Effect.sync(() => server.close())
  )
  return { folder, taken: String((taken.address() as AddressInfo).port), free: String(yield* Effect.promise(freePort)) }
})
type Surroundings = Effect.Success<typeof surroundings>

interface Mistake {
  readonly mistake: string
  readonly environment: (around: Surroundings) => Readonly<Record<string, string>>
  readonly says: (around: Surroundings) => string
}

const mistakes: ReadonlyArray<Mistake> = [
  { mistake: "PORT is no number", environment: () => ({ PORT: "abc" }), says: () => "PORT is wrong" },
  {
    mistake: "PORT is no port",
    environment: () => ({ PORT: "70000" }),
    says: () => "PORT is wrong: expected a value between 1 and 65535"
  },
  {
    mistake: "both ports are the same",
    environment: ({ free }) => ({ PORT: free, MANAGEMENT_PORT: free }),
    says: ({ free }) => `PORT and MANAGEMENT_PORT are both ${free}`
  },
  {
    mistake: "the public port is taken",
    environment: ({ taken, free }) => ({ PORT: taken, MANAGEMENT_PORT: free }),
    says: ({ taken }) => `Port ${taken} is taken by another program. Choose another one: PORT=`
  },
  {
    mistake: "the management port is taken",
    environment: ({ taken, free }) => ({ PORT: free, MANAGEMENT_PORT: taken }),
    says: ({ taken }) => `Port ${taken} is taken by another program. Choose another one: MANAGEMENT_PORT=`
  },
  {
    mistake: "the data folder is a file",
    environment: ({ folder, free }) => ({ PORT: free, FLOWFORGE_DATA: join(folder, "file") }),
    says: ({ folder }) =>
      `The data folder ${join(folder, "file")} is a file, or lies in one. Set FLOWFORGE_DATA to another folder`
  },
  {
    mistake: "notifications go somewhere unknown",
    environment: () => ({ FLOWFORGE_NOTIFICATIONS: "elsewhere" }),
    says: () => 'FLOWFORGE_NOTIFICATIONS is wrong: expected "folder" | "instant"'
  }
]

/** What a start in this environment says instead of starting. */
const startIn = (environment: Readonly<Record<string, string>>) =>
  startSystem.pipe(
    Effect.scoped,
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: environment }))),
    Effect.exit,
    Effect.map((exit) => (Exit.isFailure(exit) ? explain(exit.cause) : "it started"))
  )

describe("a start", () => {
  for (const { mistake, environment, says } of mistakes) {
    it.live(`says what to do when ${mistake}`, () =>
      Effect.gen(function* () {
        const around = yield* surroundings
        const said = yield* startIn({ FLOWFORGE_DATA: join(around.folder, "data"), ...environment(around) })
        assert.include(said, says(around))
        assert.notMatch(said, /^\s+at /mu, "no stack trace")
      }).pipe(Effect.scoped)
    )
  }

  it.live("leaves the folder to the instance that runs on it", () =>
    Effect.gen(function* () {
      const { folder, free } = yield* surroundings
      yield* lockDataFolder(folder)
      assert.include(yield* startIn({ FLOWFORGE_DATA: folder, PORT: free }), `already running on ${folder}`)
    }).pipe(Effect.scoped)
  )
})

const keyOf = (folder: string) => Effect.map(signingKey(folder), Redacted.value)

describe("a database that refuses at a start", () => {
  const refusal = (code: string, message: string) =>
    explain(Cause.fail(new SqlError.SqlError({ reason: new SqlError.UnknownError({ cause: { code, message } }) })))

  it("is explained in PostgreSQL's own words", () => {
    assert.include(refusal("XX000", "index is broken"), "the database refuses: index is broken. More is in")
  })

  it("for want of space is said, with what to do", () => {
    assert.include(refusal("53100", "could not extend file"), "is full. Free some space, or set FLOWFORGE_DATA")
  })
})

describe("the signing key", () => {
  it.effect("is made at the first start and kept", () =>
    Effect.gen(function* () {
      const { folder } = yield* surroundings
      assert.strictEqual(yield* keyOf(folder), yield* keyOf(folder))
    }).pipe(Effect.scoped)
  )

  it.effect("is another one for another folder", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* surroundings, yield* surroundings]
      assert.notStrictEqual(yield* keyOf(one.folder), yield* keyOf(other.folder))
    }).pipe(Effect.scoped)
  )

  it.effect("that cannot be kept is said, with what to do", () =>
    Effect.gen(function* () {
      const { folder } = yield* surroundings
      const error = yield* Effect.flip(signingKey(join(folder, "file")))
      assert.include(error.message, "Set FLOWFORGE_DATA to another folder")
    }).pipe(Effect.scoped)
  )
})

describe("the banner", () => {
  const system = {
    publicUrl: "http://localhost:18080",
    managementUrl: "http://localhost:19090",
    gatewayUrl: "http://127.0.0.1:40123",
    folder: "/data"
  }
  const nothing = { all: 0, open: 0 }

  it("shows the addresses as they are, not as they usually are", () => {
    const text = banner({ ...system, orders: nothing })
    assert.include(text, "curl -s http://localhost:18080/orders")
    assert.include(text, "http://localhost:19090/outbox")
    assert.include(text, "http://127.0.0.1:40123 ")
    assert.notMatch(text, /:(8080|9090)/u)
  })

  it("has commands that mean its own folder, as a shell takes them", () => {
    const commandsOn = (folder: string) =>
      banner({ ...system, folder, orders: nothing }).match(/(?:FLOWFORGE_DATA=.* )?npm run \w+/gu) ?? []
    assert.deepStrictEqual(commandsOn(resolve(".flowforge")), ["npm run demo", "npm run reset"])
    assert.deepStrictEqual(commandsOn("/data"), [
      "FLOWFORGE_DATA=/data npm run demo",
      "FLOWFORGE_DATA=/data npm run reset"
    ])
    assert.include(commandsOn("/Bob's data"), String.raw`FLOWFORGE_DATA='/Bob'\''s data' npm run demo`)
    assert.match(banner({ ...system, orders: nothing }), /curl -s "[^"]*\?limit=3"/u)
  })

  it("tells what the folder holds already", () => {
    assert.notInclude(banner({ ...system, orders: nothing }), "in it")
    assert.include(banner({ ...system, orders: { all: 1, open: 0 } }), "/data          1 order in it\n")
    assert.include(
      banner({ ...system, orders: { all: 1_234, open: 5 } }),
      "/data          1,234 orders in it, 5 of them go on now\n"
    )
  })
})

describe("an address", () => {
  it("of every interface is reached as localhost, any other by its name", () => {
    assert.strictEqual(urlOf("127.0.0.1", 8080), "http://localhost:8080")
    assert.strictEqual(urlOf("0.0.0.0", 8080), "http://localhost:8080")
    assert.strictEqual(urlOf("192.0.2.7", 8080), "http://192.0.2.7:8080")
    assert.strictEqual(urlOf("2001:db8::7", 8080), "http://[2001:db8::7]:8080")
  })
})
