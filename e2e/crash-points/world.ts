import { join } from "node:path"
import type { InstanceRecord } from "@flowforge/embedded"
import type { CrashPoint } from "@flowforge/flowforge"
import { launchProcess, type LaunchedProcess, makeInstallation, runProcess, TestDatabase } from "@flowforge/testkit"
import { Context, Effect, Layer, Scope } from "effect"
import { flowforgeProgram, gatewayProgram, type ServiceName, SERVICES } from "../system/programs.ts"

/** A busy machine starts slowly. */
export const whenReady = ({ ready }: LaunchedProcess) => Effect.retry(ready, { times: 3 })

/** One installation of FlowForge, one process of each kind, for all deaths one after another. */
export class World extends Context.Service<
  World,
  {
    readonly instance: InstanceRecord
    /** As an orchestrator does. */
    readonly stop: (name: ServiceName) => Effect.Effect<void>
    /** Stops the one that runs, then starts another, which dies at the point if one is given. */
    readonly replace: (name: ServiceName, crashAt?: CrashPoint) => Effect.Effect<LaunchedProcess>
    /** Runs `prepare` to its end. */
    readonly prepare: Effect.Effect<void>
  }
>()("@flowforge/e2e/World") {
  /** With these variables beside, or instead of, those of every installation. */
  static readonly layer = <R>(environment: Effect.Effect<Readonly<Record<string, string>>, never, R>) =>
    Layer.effect(
      World,
      Effect.gen(function* () {
        const scope = yield* Effect.scope
        const made = yield* makeInstallation({ gatewayProgram })
        const variables = {
          ...made.environment,
          // What a killed process leaves in doubt stays so for this long.
          NOTIFICATION_CLAIM_LIMIT: "3 seconds",
          // A start costs half as much when it finds compiled what the one before it compiled.
          NODE_COMPILE_CACHE: join(made.folder, "compiled"),
          ...(yield* environment)
        }
        const running = new Map<ServiceName, LaunchedProcess>()
        const stop = (name: ServiceName) =>
          Effect.suspend(() => running.get(name)?.end("SIGTERM") ?? Effect.void).pipe(Effect.asVoid)
        const replace = Effect.fnUntraced(function* (name: ServiceName, crashAt?: CrashPoint) {
          yield* stop(name)
          const launched = yield* launchProcess(flowforgeProgram, name, {
            ...variables,
            ...(crashAt === undefined ? {} : { FLOWFORGE_CRASH_AT: crashAt })
          }).pipe(Effect.provideService(Scope.Scope, scope))
          running.set(name, launched)
          return launched
        })
        const prepare = runProcess(flowforgeProgram, "prepare", variables)
        yield* prepare
        const launched = yield* Effect.forEach(SERVICES, (name) => replace(name))
        yield* Effect.forEach(launched, whenReady, { concurrency: "unbounded" })
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
          stop,
          replace,
          prepare
        })
      })
    ).pipe(Layer.provide(TestDatabase.layer), Layer.orDie)
}
