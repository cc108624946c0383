import { Context, Duration, Effect, Latch, Layer, Metric, Schedule } from "effect"
import { SqlClient } from "effect/sql"

const held = Metric.gauge("flowforge_singleton_held", {
  description: "1 in the process that holds the lock of this name, else 0"
})

export interface SingletonOptions {
  /**
   * A holder that is frozen (not dead: its kernel still answers) loses its session, and the lock with it, after this.
   * Default 10 seconds; it shows four times as often that it lives.
   */
  readonly frozenAfter?: Duration.Input
}

const HEARTBEAT_TIMEOUT = Duration.seconds(5)

const retryEverySecond = Schedule.jittered(Schedule.spaced("1 second"))

/**
 * Work that one process at a time does, whatever the number of replicas: while it holds a PostgreSQL session lock. When
 * the holder dies, freezes or loses its connection, another takes over within seconds. Around that moment two may run
 * for a second or so, so a job must stay right then; it may count on being alone only for its cost.
 */
export class Singleton extends Context.Service<
  Singleton,
  {
    /**
     * Runs the job whenever this process holds the lock, interrupts it when the lock is lost, and starts it over. A job
     * that ends or dies is started again after a second. Never ends; any number of jobs share the one lock.
     */
    readonly whileHeld: <A, E, R>(job: Effect.Effect<A, E, R>) => Effect.Effect<never, never, R>
  }
>()("@flowforge/messaging/Singleton") {
  /** The lock of this name, held on a connection of its own; the service's name does for all jobs of a service. */
  static readonly layer = (
    name: string,
    options?: SingletonOptions
  ): Layer.Layer<Singleton, never, SqlClient.SqlClient> =>
    Layer.effect(
      Singleton,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const frozenAfter = Duration.toMillis(Duration.fromInputUnsafe(options?.frozenAfter ?? "10 seconds"))
        const heartbeat = Duration.millis(frozenAfter / 4)
        const isHeld = yield* Latch.make(false)
        const isLost = yield* Latch.make(true)
        const gauge = Metric.withAttributes(held, { name })
        yield* Metric.update(gauge, 0)

        /** Answers whether the lock was free. The lock ends with the scope, before the connection goes back to the pool. */
        const acquire = Effect.gen(function* () {
          const connection = yield* sql.reserve
          const run = (text: string) => connection.executeUnprepared(text, [], undefined)
          const lock = `hashtextextended('flowforge singleton ${name.replaceAll("'", "''")}', 0)`
          const isFree = yield* Effect.acquireRelease(
            Effect.map(run(`SELECT pg_try_advisory_lock(${lock}) AS is_free`), (rows) => rows[0].is_free as boolean),
            (isFree) =>
              isFree
                ? run(`SELECT pg_advisory_unlock(${lock})`).pipe(
                    Effect.andThen(run("RESET idle_session_timeout")),
                    Effect.timeoutOption(HEARTBEAT_TIMEOUT),
                    Effect.ignore
                  )
                : Effect.void
          )
          return { isFree, run }
        })

        const term = Effect.gen(function* () {
          const { isFree, run } = yield* acquire
          if (!isFree) return
          yield* run(`SET idle_session_timeout = ${frozenAfter}`)
          yield* Effect.acquireRelease(Effect.all([isLost.close, isHeld.open, Metric.update(gauge, 1)]), () =>
            Effect.all([isHeld.close, isLost.open, Metric.update(gauge, 0)])
          )
          yield* Effect.logDebug("took the lock").pipe(Effect.annotateLogs({ singleton: name }))
          yield* Effect.forever(
            Effect.andThen(Effect.sleep(heartbeat), Effect.timeout(run("SELECT 1"), HEARTBEAT_TIMEOUT))
          )
        }).pipe(
          Effect.scoped,
          Effect.catchCause((cause) =>
            Effect.logWarning("lost the lock or its connection", cause).pipe(Effect.annotateLogs({ singleton: name }))
          )
        )
        yield* Effect.forkScoped(Effect.repeat(term, retryEverySecond))

        return Singleton.of({
          whileHeld: (job) =>
            job.pipe(
              Effect.catchCause((cause) =>
                Effect.logError("a job ended, it starts again in a second", cause).pipe(
                  Effect.annotateLogs({ singleton: name })
                )
              ),
              Effect.repeat(retryEverySecond),
              Effect.raceFirst(isLost.await),
              (untilLost) => Effect.forever(Effect.andThen(isHeld.await, untilLost))
            )
        })
      })
    )
}

/** One job under a lock of its own, for as long as the Layer lives. */
export const layerSingleton = <A, E, R>(
  name: string,
  job: Effect.Effect<A, E, R>
): Layer.Layer<never, never, R | SqlClient.SqlClient> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const singleton = yield* Singleton
      yield* Effect.forkScoped(singleton.whileHeld(job))
    })
  ).pipe(Layer.provide(Singleton.layer(name)))
