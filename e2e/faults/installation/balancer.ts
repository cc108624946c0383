import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { statusOf } from "@flowforge/testkit"
import { passOn } from "@flowforge/testkit/proxy"
import { Effect, type Scope } from "effect"

const LOOK_EVERY_MILLIS = 100

/**
 * One address before several servers, as an orchestrator's service is: requests go in turn to those that say they are
 * ready, and are refused with 503 when none does. A request whose server dies gets no answer, and is not tried again here.
 */
export const balance = (targets: () => ReadonlyArray<string>): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function* () {
    let ready: ReadonlyArray<string> = []
    let turn = 0
    const look = Effect.promise(async () => {
      const all = targets()
      const statuses = await Promise.all(all.map((url) => statusOf(`${url}/health/ready`)))
      ready = all.filter((_, n) => statuses[n] === 200)
      await sleep(LOOK_EVERY_MILLIS)
    })
    yield* Effect.forkScoped(Effect.forever(look))
    const server = createServer((incoming, outgoing) => {
      // What is about to be told to stop is out of the list before it is told.
      const all = targets()
      const able = ready.filter((url) => all.includes(url))
      const target = able[turn++ % able.length]
      if (target !== undefined) return passOn(target, incoming, outgoing)
      incoming.resume()
      outgoing.writeHead(503, { "retry-after": "1" }).end()
    })
    // It is for customers to close the connections that they keep: one that both sides end at once costs an answer.
    server.keepAliveTimeout = 0
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))),
      () =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    )
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
