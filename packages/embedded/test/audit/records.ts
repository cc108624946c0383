import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"

export const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "flowforge-audit-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** A gateway that knows nothing but its ledger, page by page. */
export const gatewayWith = (entries: ReadonlyArray<unknown>) =>
  Effect.acquireRelease(
    Effect.promise(
      () =>
        new Promise<ReturnType<typeof createServer>>((listening) => {
          const server = createServer((request, response) => {
            const query = new URL(request.url ?? "", "http://gateway").searchParams
            const [after, limit] = [Number(query.get("after")), Number(query.get("limit"))]
            response.setHeader("content-type", "application/json")
            response.end(JSON.stringify({ entries: entries.slice(after, after + limit) }))
          }).listen(0, "127.0.0.1", () => listening(server))
        })
    ),
    (server) => Effect.promise(() => new Promise((closed) => server.close(closed)))
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`))
