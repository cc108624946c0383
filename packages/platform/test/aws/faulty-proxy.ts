import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

/**
 * What stands between client and server: `refuse` answers the status and passes nothing on, `lose` passes on and never
 * answers. `reply` is what the server would say of a mistake.
 */
export type ProxyFault =
  | {
      readonly kind: "refuse"
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: string
    }
  | { readonly kind: "lose" }

/** A real HTTP hop before a server, whose faults are switched while it runs. Host and signature pass unchanged. */
export const faultyProxy = (upstream: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      let fault: ProxyFault | undefined
      let passed = 0
      let refused = 0
      const { hostname, port } = new URL(upstream)
      const pass = (incoming: IncomingMessage, outgoing: ServerResponse) => {
        const { headers, method, url } = incoming
        const onward = request({ hostname, port, path: url, headers, ...(method === undefined ? {} : { method }) })
        onward.on("error", () => outgoing.destroy())
        onward.on("response", (answer) => {
          passed += 1
          if (fault?.kind === "lose") return void answer.resume()
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(outgoing)
        })
        incoming.pipe(onward)
      }
      const server = createServer((incoming, outgoing) => {
        if (fault?.kind !== "refuse") return pass(incoming, outgoing)
        refused += 1
        incoming.resume()
        outgoing.writeHead(fault.status, fault.headers).end(fault.body)
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
