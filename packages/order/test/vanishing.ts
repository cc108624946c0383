import { connect, createServer, type AddressInfo, type Socket } from "node:net"
import { TestDatabase } from "@flowforge/testkit"
import { Effect, Redacted } from "effect"

/**
 * The way to the test's database over a host that can vanish: what is sent to it comes to nothing then, and no connection
 * is closed. Those of before stay dead when it is back, as on another machine with its address.
 */
export const vanishingDatabase = Effect.gen(function* () {
  const { url } = yield* TestDatabase
  const beyond = new URL(Redacted.value(url))
  const sockets = new Set<Socket>()
  let life = { isOver: false }
  let swallowed = 0
  const keep = (socket: Socket) => {
    sockets.add(socket)
    return socket.on("error", () => undefined).once("close", () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    const { isOver } = life
    const mine = life
    keep(near)
    if (isOver) return
    const far = keep(connect({ host: beyond.hostname, port: Number(beyond.port) }))
    const pass = (from: Socket, to: Socket) =>
      from
        .on("data", (bytes) => {
          if (mine.isOver) swallowed += bytes.length
          else to.write(bytes)
        })
        .once("close", () => mine.isOver || to.destroy())
    pass(near, far)
    pass(far, near)
  })
  const closes = Effect.sync(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  yield* Effect.acquireRelease(
    Effect.promise(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))),
    () => closes
  )
  const here = new URL(beyond)
  // The server's own socket leads around.
  here.searchParams.delete("host")
  here.hostname = "127.0.0.1"
  here.port = String((server.address() as AddressInfo).port)
  return {
    url: Redacted.make(here.toString()),
    vanishes: Effect.sync(() => void (life.isOver = true)),
    comesBack: Effect.sync(() => void (life = { isOver: false })),
    /** Bytes that came to nothing. */
    swallowed: Effect.sync(() => swallowed),
    /** Whoever waits still is told that its connection is closed. */
    closes
  }
})
