import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { eventually, statusOf } from "@flowforge/testkit"
import { Effect } from "effect"
import { balance } from "./balancer.ts"

/** A server that is ready or not, and counts what customers ask it. */
const startServer = Effect.acquireRelease(
  Effect.promise(async () => {
    const state = { isReady: true, asked: 0 }
    const server = createServer((request, response) => {
      if (request.url !== "/health/ready") state.asked += 1
      response.writeHead(state.isReady ? 200 : 503).end()
    })
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    return { state, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.closeAllConnections()
      server.close()
    })
)

const comesTo = (url: string, status: number) =>
  eventually(
    `the answer is ${status}`,
    Effect.map(
      Effect.promise(() => statusOf(url)),
      (found) => found === status
    )
  )

describe("the address before several servers", () => {
  it.live("asks those that are ready in turn, and refuses when none is", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* startServer, yield* startServer]
      const url = yield* balance(() => [one.url, other.url])
      yield* comesTo(url, 200)
      const before = [one.state.asked, other.state.asked]
      yield* Effect.forEach([1, 2, 3, 4], () => Effect.promise(() => statusOf(url)))
      assert.deepStrictEqual([one.state.asked - before[0]!, other.state.asked - before[1]!].toSorted(), [2, 2])
      one.state.isReady = false
      other.state.isReady = false
      yield* comesTo(url, 503)
      const { asked } = one.state
      yield* Effect.promise(() => statusOf(url))
      assert.strictEqual(one.state.asked, asked)
    }).pipe(Effect.scoped)
  )

  it.live("asks nothing more of a server from the moment that it is taken out", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* startServer, yield* startServer]
      const servers = [one.url, other.url]
      const url = yield* balance(() => servers)
      yield* eventually(
        "both are asked",
        Effect.promise(async () => {
          await statusOf(url)
          return one.state.asked > 0 && other.state.asked > 0
        })
      )
      servers.shift()
      one.server.close()
      one.server.closeAllConnections()
      for (let n = 0; n < 10; n++) assert.strictEqual(yield* Effect.promise(() => statusOf(url)), 200)
    }).pipe(Effect.scoped)
  )

  it.live("leaves it to its customers to close the connections that they keep", () =>
    Effect.gen(function* () {
      // Not passed on from a server: its own answer.
      const url = yield* balance(() => [])
      const { headers } = yield* Effect.promise(() => fetch(url))
      assert.deepStrictEqual([headers.get("connection"), headers.get("keep-alive")], ["keep-alive", null])
    }).pipe(Effect.scoped)
  )
})
