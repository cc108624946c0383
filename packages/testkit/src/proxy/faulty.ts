import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, type Scope } from "effect"
import { passOn } from "./pass-on.ts"

/**
 * What stands between client and server. `refuse` answers the status and passes nothing on; `reply` is what the server
 * would say of a mistake. `hang` passes nothing on and never answers. `lose` passes on and never answers, `late` passes
 * on and keeps the answer back for so long.
 */
export type ProxyFault =
  | {
      readonly kind: "refuse"
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: string
    }
  | { readonly kind: "hang" }
  | { readonly kind: "lose" }
  | { readonly kind: "late"; readonly millis: number }

export interface FaultyProxy {
  readonly url: string
  /** Lasts until the next one. */
  readonly setFault: (next: ProxyFault | undefined) => void
  /** Requests that the server has answered. */
  readonly passed: () => number
  /** Requests that were not passed on. */
  readonly refused: () => number
}

/** A real HTTP hop before a server, whose faults are switched while it runs. Host and signature pass unchanged. */
export const faultyProxy = (upstream: string): Effect.Effect<FaultyProxy, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      let fault: ProxyFault | undefined
      let passed = 0
      let refused = 0
      const server = createServer((incoming, outgoing) => {
        if (fault?.kind === "refuse" || fault?.kind === "hang") {
          refused += 1
          incoming.resume()
          if (fault.kind === "refuse") outgoing.writeHead(fault.status, fault.headers).end(fault.body)
          return
        }
        passOn(upstream, incoming, outgoing, (answer, give) => {
          passed += 1
          if (fault?.kind === "lose") answer.resume()
          else if (fault?.kind === "late") setTimeout(give, fault.millis).unref()
          else give()
        })
      })
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        setFault: (next: ProxyFault | undefined) => void (fault = next),
        passed: () => passed,
        refused: () => refused,
        close: () => {
          server.closeAllConnections()
          server.close()
        }
      }
    }),
    ({ close }) => Effect.sync(close)
  )
