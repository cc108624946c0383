import { readFileSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { listen, problems } from "@flowforge/platform/http"
import { eventually } from "@flowforge/testkit"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { ask, post, raw, serveNotes, servedNotes } from "./notes.ts"

const HEAD = "host: a\r\nconnection: close\r\n"

/** A connection that stays open as long as the test. */
const connected = (port: number): Effect.Effect<Socket, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<Socket>((resume) => {
      const socket = connect({ port, host: "127.0.0.1" }, () => resume(Effect.succeed(socket)))
      socket.on("error", () => undefined)
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

const closed = (socket: Socket): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (socket.closed) return resume(Effect.void)
    socket.resume().once("close", () => resume(Effect.void))
  })

/** Connections that Linux has sent away since it started, because nobody accepted them and no more could wait. */
const sentAway = (): number => {
  const [names, values] = readFileSync("/proc/net/netstat", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("TcpExt:"))
    .map((line) => line.split(" "))
  return Number(values![names!.indexOf("ListenOverflows")])
}

describe("a listener", () => {
  it.live.skipIf(process.platform !== "linux")(
    "lets a burst of connections wait while it is busy, and sends none away",
    () =>
      Effect.gen(function* () {
        const { port } = yield* listen({ port: 0, variable: "PORT" })
        const before = sentAway()
        yield* Effect.all(
          Array.from({ length: 2_000 }, () => connected(port)),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(sentAway() - before, 0)
      })
  )

  it.live("is alive and says to come back before there is anything to serve, then serves", () =>
    Effect.gen(function* () {
      const listener = yield* listen({ port: 0, variable: "PORT" })
      const url = `http://127.0.0.1:${listener.port}`
      assert.strictEqual((yield* ask(`${url}/health/live`)).status, 204)
      for (const path of ["/health/ready", "/act", "/nothing"]) {
        const early = yield* ask(`${url}${path}`)
        assert.deepStrictEqual([early.status, early.headers.get("retry-after")], [503, "1"])
        assert.strictEqual(early.body.type, "urn:flowforge:problem:unavailable")
      }
      yield* serveNotes(listener)
      assert.strictEqual((yield* ask(`${url}/act`)).body, "done")
    })
  )

  it.live("tells a route's refusal how many requests are under way, until they are answered or gone", () =>
    Effect.gen(function* () {
      const refusal = (underWay: number) => (underWay > 0 ? problems.tooManyRequests : undefined)
      const { port, url } = yield* servedNotes({ refusal })
      const write = Effect.map(
        post(`${url}/notes`, JSON.stringify({ text: "milk", copies: 1 })),
        ({ status }) => status
      )
      assert.deepStrictEqual([yield* write, yield* write], [200, 200])
      const slow = yield* connected(port)
      slow.write(`POST /notes HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 9\r\n${HEAD}\r\n`)
      yield* eventually(
        "it is under way",
        Effect.map(write, (status) => status === 429)
      )
      slow.destroy()
      yield* eventually(
        "it is gone",
        Effect.map(write, (status) => status === 200)
      )
    })
  )

  it.live("finishes what is under way while it stops, and takes nothing new", () =>
    Effect.gen(function* () {
      const listener = yield* listen({ port: 0, variable: "PORT" })
      const url = `http://127.0.0.1:${listener.port}`
      const begun = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const act = Deferred.succeed(begun, undefined).pipe(Effect.andThen(Deferred.await(goOn)), Effect.as("in the end"))
      const serving = yield* Scope.make()
      yield* Scope.provide(serveNotes(listener, { act }), serving)
      const idle = yield* connected(listener.port)
      idle.write("GET /notes/7 HTTP/1.1\r\nhost: a\r\n\r\n")
      const underWay = yield* Effect.forkChild(ask(`${url}/act`))
      yield* Deferred.await(begun)
      const stopping = yield* Effect.forkChild(Scope.close(serving, Exit.void))
      yield* eventually(
        "new requests are refused",
        Effect.map(ask(`${url}/notes/7`), ({ status }) => status === 503)
      )
      assert.strictEqual((yield* ask(`${url}/health/live`)).status, 204, "it is alive still")
      yield* closed(idle)
      assert.isUndefined(stopping.pollUnsafe(), "it waits for what is under way")
      yield* Deferred.succeed(goOn, undefined)
      assert.deepStrictEqual((yield* Fiber.join(underWay)).body, "in the end")
      yield* Fiber.join(stopping)
    })
  )

  it.live("ends what does not come to an end when it stops", () =>
    Effect.gen(function* () {
      const listener = yield* listen({ port: 0, variable: "PORT", limits: { drainMillis: 100 } })
      const begun = yield* Deferred.make<void>()
      const serving = yield* Scope.make()
      yield* Scope.provide(
        serveNotes(listener, { act: Effect.andThen(Deferred.succeed(begun, undefined), Effect.never) }),
        serving
      )
      const client = yield* connected(listener.port)
      client.write(`GET /act HTTP/1.1\r\n${HEAD}\r\n`)
      yield* Deferred.await(begun)
      yield* Scope.close(serving, Exit.void)
      yield* closed(client)
    })
  )

  it.live("does not wait for idle connections when it stops", () =>
    Effect.gen(function* () {
      const outer = yield* Scope.make()
      const { port, url } = yield* Scope.provide(servedNotes(), outer)
      yield* ask(`${url}/act`)
      const idle = yield* connected(port)
      yield* Scope.close(outer, Exit.void)
      yield* closed(idle)
    })
  )

  it.live("with time for a farewell answers on the connections it has, and each is the last there", () =>
    Effect.gen(function* () {
      const listener = yield* listen({ port: 0, variable: "PORT", limits: { farewellMillis: 60_000 } })
      const serving = yield* Scope.make()
      yield* Scope.provide(serveNotes(listener, { act: Effect.succeed("still here") }), serving)
      const socket = yield* connected(listener.port)
      const answer = () =>
        Effect.callback<string>((resume) => {
          socket.once("data", (data) => resume(Effect.succeed(String(data))))
          socket.write("GET /act HTTP/1.1\r\nhost: a\r\n\r\n")
        })
      assert.match(yield* answer(), /^HTTP\/1\.1 200 [^]*keep-alive/iu)
      const stopping = yield* Effect.forkChild(Scope.close(serving, Exit.void), { startImmediately: true })
      assert.match(yield* answer(), /^HTTP\/1\.1 200 [^]*connection: close/iu)
      yield* closed(socket)
      yield* Fiber.join(stopping)
    })
  )

  it.live("whose port is taken says which, and which variable moves it", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({ port: 0, variable: "PORT" })
      const error = yield* Effect.flip(listen({ port, variable: "MANAGEMENT_PORT" }))
      assert.strictEqual(error._tag, "PortUnavailable")
      assert.strictEqual(
        error.message,
        `Port ${port} is taken by another program. Choose another one: MANAGEMENT_PORT=${port + 1}`
      )
    })
  )

  it.live("ends the work for a client that has gone, and logs nothing about it", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const ended = yield* Deferred.make<void>()
      const act = Deferred.succeed(begun, undefined).pipe(
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() => Deferred.succeed(ended, undefined))
      )
      const { lines, port } = yield* servedNotes({ act })
      const client = yield* connected(port)
      client.write(`GET /act HTTP/1.1\r\n${HEAD}\r\n`)
      yield* Deferred.await(begun)
      client.destroy()
      yield* Deferred.await(ended)
      assert.deepStrictEqual(lines, [])
    })
  )
})

describe("a client that takes its time", () => {
  const limits = { headMillis: 200, requestMillis: 400 }
  const TOO_SLOW = /^HTTP\/1\.1 408 [^]*urn:flowforge:problem:too-slow/u

  it.live.each([
    ["the head", "GET /act HTTP/1.1\r\nhost:"],
    ["the body", `POST /notes HTTP/1.1\r\n${HEAD}content-type: application/json\r\ncontent-length: 100\r\n\r\n{"te`],
    [
      "a chunk",
      `POST /notes HTTP/1.1\r\n${HEAD}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"`
    ]
  ] as const)("with %s is answered 408 and loses its connection", ([, beginning]) =>
    Effect.gen(function* () {
      const { lines, port } = yield* servedNotes({ limits })
      assert.match(yield* raw(port, beginning), TOO_SLOW)
      assert.deepStrictEqual(lines, [])
    })
  )

  it.live("holds nobody else up", () =>
    Effect.gen(function* () {
      const { port, url } = yield* servedNotes({ limits })
      for (const _ of Array.from({ length: 50 })) (yield* connected(port)).write("GET /act HTTP/1.1\r\nhost:")
      assert.strictEqual((yield* post(`${url}/notes`, '{"text":"a","copies":1}')).status, 200)
    })
  )
})

describe("a client that sends what is no request", () => {
  it.live.each([
    ["a head beyond the limit", `GET /act HTTP/1.1\r\n${HEAD}x: ${"x".repeat(9_000)}\r\n\r\n`, 431, "head-too-large"],
    ["an address beyond the limit", `GET /${"x".repeat(9_000)} HTTP/1.1\r\n${HEAD}\r\n`, 431, "head-too-large"],
    ["no HTTP", "good morning\r\n\r\n", 400, "not-http"],
    ["two lengths", `POST /notes HTTP/1.1\r\n${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\nab`, 400, "not-http"],
    [
      "a length and chunks",
      `POST /notes HTTP/1.1\r\n${HEAD}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
      400,
      "not-http"
    ]
  ] as const)("(%s) gets a problem and loses its connection", ([, text, status, name]) =>
    Effect.gen(function* () {
      const { lines, port } = yield* servedNotes({ limits: { headBytes: 8 * 1024 } })
      const answer = yield* raw(port, text)
      assert.isTrue(answer.startsWith(`HTTP/1.1 ${status} `), answer)
      assert.include(answer, `urn:flowforge:problem:${name}`)
      assert.deepStrictEqual(lines, [])
    })
  )

  it.live("is one of a bounded number", () =>
    Effect.gen(function* () {
      const { port, url } = yield* servedNotes({
        limits: { connections: 3, headMillis: 60_000, requestMillis: 60_000 }
      })
      const sockets = yield* Effect.forEach([1, 2, 3], () => connected(port))
      const fourth = yield* connected(port)
      yield* closed(fourth)
      sockets[0]!.destroy()
      yield* eventually(
        "there is room again",
        Effect.map(Effect.exit(Effect.tryPromise(() => fetch(`${url}/act`))), Exit.isSuccess)
      )
    })
  )
})
