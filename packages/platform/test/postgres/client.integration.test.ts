import { readFileSync } from "node:fs"
import { assert, layer } from "@effect/vitest"
import { layerPostgres } from "@flowforge/platform"
import { TestDatabase } from "@flowforge/testkit"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"

/** What the next timer of a TCP connection of this machine is for, as Linux counts it: 2 asks whether anybody is there. */
const timerOf = (port: number): number => {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  const connections = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/u))
  return Number(connections.find(([, address]) => address?.endsWith(local))?.[5]?.split(":")[0])
}

layer(TestDatabase.layer, { excludeTestServices: true })("a connection to PostgreSQL", (it) => {
  it.effect.skipIf(process.platform !== "linux")("that lies unused asks whether its host is still there", () =>
    Effect.gen(function* () {
      const url = new URL(Redacted.value((yield* TestDatabase).url))
      // By TCP, not by the server's own socket.
      url.searchParams.delete("host")
      const ports = SqlClient.SqlClient.use((sql) => sql<{ port: number }>`SELECT inet_client_port() AS port`)
      const timer = Effect.map(ports, ([row]) => timerOf(row!.port))
      const pool = layerPostgres({ url: Redacted.make(url.toString()), applicationName: "test", maxConnections: 1 })
      assert.strictEqual(yield* Effect.provide(timer, pool), 2)
    })
  )
})
