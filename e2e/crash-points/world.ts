import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { InstanceRecord } from "@flowforge/embedded"
import type { CrashPoint } from "@flowforge/flowforge"
import { launchProcess, type LaunchedProcess, makeInstallation, TestDatabase } from "@flowforge/testkit"
import { Context, Effect, Layer, Scope } from "effect"

const program = fileURLToPath(import.meta.resolve("@flowforge/flowforge/main"))
const gatewayProgram = fileURLToPath(import.meta.resolve("@flowforge/gateway-simulator/main"))

export const PROCESSES = ["api", "order", "payment", "inventory", "notification"] as const
export type ProcessName = (typeof PROCESSES)[number]

/** One installation of FlowForge, one process of each kind, for all deaths one after another. */
export class World extends Context.Service<
  World,
  {
    readonly instance: InstanceRecord
    /** Stops the one that runs as an orchestrator does, then starts another, which dies at the point if one is given. */
    readonly replace: (name: ProcessName, crashAt?: CrashPoint) => Effect.Effect<LaunchedProcess>
    /** Runs `prepare` to its end. */
    readonly prepare: Effect.Effect<void>
  }
>()("@flowforge/e2e/World") {
  /** With these variables beside, or instead of, those of every installation. */
  static readonly layer = <E>(environment: Effect.Effect<Readonly<Record<string, string>>, E, Scope.Scope>) =>
    Layer.effect(
      World,
      Effect.gen(function* () {
        const scope = yield* Effect.scope
        const made = yield* makeInstallation({ gatewayProgram })
        const variables = {
          ...made.environment,
          // What a killed process leaves in doubt stays so for this long.
          NOTIFICATION_CLAIM_LIMIT: "3 seconds",
          ...(yield* environment)
        }
        const running = new Map<ProcessName, LaunchedProcess>()
        const replace = Effect.fnUntraced(function* (name: ProcessName, crashAt?: CrashPoint) {
          const before = running.get(name)
          if (before !== undefined) yield* before.end("SIGTERM")
          const launched = yield* launchProcess(program, name, {
            ...variables,
            ...(crashAt === undefined ? {} : { FLOWFORGE_CRASH_AT: crashAt })
          }).pipe(Effect.provideService(Scope.Scope, scope))
          running.set(name, launched)
          return launched
        })
        const prepare = Effect.gen(function* () {
          const { ended, output } = yield* launchProcess(program, "prepare", variables)
          const { code } = yield* ended
          if (code !== 0) return yield* Effect.die(new Error(output()))
        }).pipe(Effect.scoped)
        yield* prepare
        const launched = yield* Effect.forEach(PROCESSES, (name) => replace(name))
        yield* Effect.forEach(launched, ({ ready }) => ready, { concurrency: "unbounded" })
        return World.of({
          instance: {
            pid: 0,
            publicUrl: made.publicUrl,
            managementUrl: launched[0]!.managementUrl,
            postgresUrl: made.postgresUrl,
            gatewayUrl: made.gatewayUrl,
            objectsFolder: join(made.folder, "objects"),
            mailFolder: join(made.folder, "mail")
          },
          replace,
          prepare
        })
      })
    ).pipe(Layer.provide(TestDatabase.layer), Layer.orDie)
}
