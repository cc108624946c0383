import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { faultyProxy } from "@flowforge/testkit/proxy"
import { Effect } from "effect"

/** A server that counts what it is asked, and answers everything. */
const countingServer = Effect.acquireRelease(
  Effect.promise(async () => {
    const asked: Array<string> = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? "")
      response.writeHead(201).end("done")
    })
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    return { asked, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.closeAllConnections()
      server.close()
    })
)

const IMPATIENT_MILLIS = 300

/** The status of the answer, or undefined where none came in time. */
const ask = (url: string, patienceMillis = 10_000) =>
  Effect.promise(() =>
    fetch(url, { signal: AbortSignal.timeout(patienceMillis) }).then(
      async (response) => {
        await response.text()
        return response.status
      },
      () => undefined
    )
  )

describe("a proxy with faults", () => {
  it.live("passes on what it is asked, until it has a fault, and again after it", () =>
    Effect.gen(function* () {
      const server = yield* countingServer
      const proxy = yield* faultyProxy(server.url)
      assert.strictEqual(yield* ask(`${proxy.url}/before`), 201)
      proxy.setFault({ kind: "refuse", status: 503 })
      assert.strictEqual(yield* ask(`${proxy.url}/refused`), 503)
      proxy.setFault(undefined)
      assert.strictEqual(yield* ask(`${proxy.url}/after`), 201)
      assert.deepStrictEqual(server.asked, ["/before", "/after"])
    }).pipe(Effect.scoped)
  )

  it.live("that hangs passes nothing on; one that loses or is late has done it when the client has given up", () =>
    Effect.gen(function* () {
      const server = yield* countingServer
      const proxy = yield* faultyProxy(server.url)
      const isAsked = (path: string) =>
        eventually(
          `${path} is asked of the server`,
          Effect.sync(() => server.asked.includes(path))
        )
      proxy.setFault({ kind: "hang" })
      assert.isUndefined(yield* ask(`${proxy.url}/hung`, IMPATIENT_MILLIS))
      proxy.setFault({ kind: "lose" })
      assert.isUndefined(yield* ask(`${proxy.url}/lost`, IMPATIENT_MILLIS))
      yield* isAsked("/lost")
      proxy.setFault({ kind: "late", millis: 2 * IMPATIENT_MILLIS })
      assert.isUndefined(yield* ask(`${proxy.url}/late`, IMPATIENT_MILLIS))
      yield* isAsked("/late")
      assert.strictEqual(yield* ask(`${proxy.url}/waited-for`), 201)
      assert.deepStrictEqual(server.asked, ["/lost", "/late", "/waited-for"])
    }).pipe(Effect.scoped)
  )

  it.live("breaks the connection when its server is not there", () =>
    Effect.gen(function* () {
      const proxy = yield* faultyProxy("http://127.0.0.1:1")
      assert.isUndefined(yield* ask(proxy.url))
      assert.strictEqual(proxy.passed(), 0)
    }).pipe(Effect.scoped)
  )
})
