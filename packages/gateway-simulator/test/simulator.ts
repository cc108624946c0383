import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { GatewayApi, GatewayControlApi, MinorUnits } from "@flowforge/contracts"
import { Effect, type Scope } from "effect"
import { FetchHttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"

export const program = fileURLToPath(new URL("../src/main.ts", import.meta.url))

/** A folder for a ledger, removed with the scope. */
export const ledgerFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "flowforge-gateway-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

export interface Running {
  readonly url: string
  readonly child: ChildProcess
}

/** The simulator as a process of its own on a free port, killed with the scope. */
export const startSimulator = (folder: string): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = spawn(process.execPath, [program], {
        env: { GATEWAY_PORT: "0", GATEWAY_FOLDER: folder, GATEWAY_WITH_PARENT: "1" },
        stdio: ["pipe", "pipe", "inherit"]
      })
      const [line] = await once(createInterface(child.stdout!), "line")
      return { url: (JSON.parse(line) as { url: string }).url, child }
    }),
    ({ child }) => Effect.promise(() => end(child, "SIGKILL"))
  )

/** Resolves with the exit code, or null after a signal that was not handled. */
export const end = async (child: ChildProcess, how: NodeJS.Signals | "close stdin"): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, "exit")
    if (how === "close stdin") child.stdin!.end()
    else child.kill(how)
    await exit
  }
  return child.exitCode
}

/** A client made from the declared APIs alone. */
export const clientOf = (baseUrl: string) =>
  Effect.all({
    payments: Effect.map(HttpApiClient.make(GatewayApi, { baseUrl }), ({ payments }) => payments),
    control: Effect.map(HttpApiClient.make(GatewayControlApi, { baseUrl }), ({ control }) => control)
  }).pipe(Effect.provide(FetchHttpClient.layer))

export const captureOf = (key: string, token = "tok_ok", amount = 1250) => ({
  headers: { "idempotency-key": key },
  payload: { amount: MinorUnits.make(amount), method: "card", token, reference: key }
})
