import { Effect, Latch, Metric, Option, type Scope } from "effect"
import type { Redis } from "ioredis"
import { Missed } from "./missed.ts"

const errors = Metric.counter("flowforge_cache_errors_total", {
  description: "Operations that the cache did not carry out: failed, too slow, or not tried while it was away",
  incremental: true
})
const available = Metric.gauge("flowforge_cache_available", { description: "1 while the cache answers, 0 while not" })

/** How often a Redis that is away is asked whether it is back, beside all requests. */
const PROBE_EVERY = "100 millis"
/** Shorter than this it is slow rather than away: a busy machine would fill the log with it. */
const WORTH_A_LINE = "1 second"

/** Lets commands through while Redis answers. The first that fails shuts it; a probe of its own opens it again. */
export interface Breaker {
  /**
   * What the commands give, or undefined. The keys are those that they write: where that is not certain, Redis is rid of
   * them before it is believed again.
   */
  readonly attempt: <A>(commands: () => Promise<A>, writes?: ReadonlyArray<string>) => Effect.Effect<A | undefined>
}

export const makeBreaker = (client: Redis): Effect.Effect<Breaker, never, Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const away = Latch.makeUnsafe(false)
    const missed = new Missed()
    let isAway = false
    let failure = ""
    let broken: string | undefined
    // A client without a listener would end the process. What broke the connection says more than that there is none.
    client.on("error", (error: Error) => (broken = error.message))

    const fail = (error: unknown, writes: ReadonlyArray<string>): undefined => {
      errors.updateUnsafe(1, context)
      missed.add(writes)
      if (!isAway) {
        isAway = true
        failure = (error as Error).message
        away.openUnsafe()
      }
    }
    /**
     * Nothing that another write has overtaken may be read: what is left of those that were missed goes first. The way is
     * open in the same moment in which none is left.
     */
    const probe = Effect.promise(async () => {
      let removing: ReadonlyArray<string> = []
      try {
        await client.ping()
        while ((removing = missed.take()).length > 0) await client.unlink(...removing)
        away.closeUnsafe()
        isAway = false
        broken = undefined
        return true
      } catch {
        missed.add(removing)
        return false
      }
    })
    const watch = Effect.gen(function* () {
      yield* away.await
      // An answer that was late, or a connection that broke and is there again.
      if (yield* probe) return
      yield* Metric.update(available, 0)
      // A probe that was cut off would go on beside the next, which could not see the keys that it is removing.
      const untilBack = Effect.uninterruptible(probe).pipe(
        Effect.delay(PROBE_EVERY),
        Effect.repeat({ until: (isBack) => isBack })
      )
      const back = yield* Effect.timeoutOption(untilBack, WORTH_A_LINE)
      if (Option.isNone(back)) {
        yield* Effect.logWarning("Redis is away; everything goes on without the cache").pipe(
          Effect.annotateLogs({ reason: broken ?? failure })
        )
        yield* untilBack
        yield* Effect.logInfo("Redis is back")
      }
      yield* Metric.update(available, 1)
    })

    // The client limits the time of this itself, and goes on by itself when it fails.
    const connected = yield* Effect.promise(() =>
      client.connect().then(
        () => true,
        (error: Error) => fail(error, []) === undefined && false
      )
    )
    yield* Metric.update(available, connected ? 1 : 0)
    yield* Effect.forkScoped(Effect.forever(watch))
    return {
      attempt: (commands, writes = []) =>
        Effect.suspend(() =>
          isAway
            ? Effect.succeed(fail(undefined, writes))
            : Effect.promise(() => commands().catch((error) => fail(error, writes)))
        )
    }
  })
