import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Latch, Layer, PubSub, Queue, Schedule, type Scope } from "effect"
import { v4 } from "uuid"

const CHANNEL = "flowforge_wakeups"

/** A process sends one NOTIFY at most in this time, for all topics of its commits meanwhile. */
const COALESCE = "5 millis"

/**
 * Tells whoever waits for messages that there are some, at once within the process. A hint only: polling is the truth,
 * so a lost wake-up costs milliseconds, never a message.
 */
export class Wakeups extends Context.Service<
  Wakeups,
  {
    /** Something was committed for these topics. */
    readonly notify: (topics: ReadonlySet<string>) => Effect.Effect<void>
    /** Yields the topics of each wake-up from now on. */
    readonly subscribe: Effect.Effect<PubSub.Subscription<ReadonlySet<string>>, never, Scope.Scope>
    /** Until the scope closes, who waits for these topics is in this process: no other is told of its commits. */
    readonly keep: (topics: ReadonlySet<string>) => Effect.Effect<void, never, Scope.Scope>
  }
>()("@flowforge/messaging/Wakeups") {
  /** Within one process: all that the embedded system needs. */
  static readonly layer: Layer.Layer<Wakeups> = Layer.effect(
    Wakeups,
    Effect.gen(function* () {
      const pubsub = yield* PubSub.sliding<ReadonlySet<string>>(64)
      return Wakeups.of({
        notify: (topics) => Effect.asVoid(PubSub.publish(pubsub, topics)),
        subscribe: PubSub.subscribe(pubsub),
        keep: () => Effect.void
      })
    })
  )

  /**
   * Also from process to process, by NOTIFY in a statement of its own after the commit: inside the business transaction
   * it would halve the commits a second, because PostgreSQL sends notifications under one lock.
   */
  static readonly layerPostgres: Layer.Layer<Wakeups, never, PgClient.PgClient> = Layer.effect(
    Wakeups,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const local = yield* Wakeups
      const self = v4()
      const send = yield* makeSender(sql, self)
      yield* Effect.forkScoped(receive(sql, self, local.notify))
      const kept = new Set<ReadonlySet<string>>()
      const tellOthers = (topics: ReadonlySet<string>) => {
        let concerning = topics
        for (const own of kept) concerning = concerning.difference(own)
        return concerning.size === 0 ? Effect.void : send(concerning)
      }
      return Wakeups.of({
        notify: (topics) =>
          Effect.andThen(
            local.notify(topics),
            Effect.suspend(() => tellOthers(topics))
          ),
        subscribe: local.subscribe,
        keep: (topics) =>
          Effect.asVoid(
            Effect.acquireRelease(
              Effect.sync(() => kept.add(topics)),
              () => Effect.sync(() => kept.delete(topics))
            )
          )
      })
    })
  ).pipe(Layer.provide(Wakeups.layer))
}

/** Collects topics and sends them; a failure is let go, since the others poll. */
const makeSender = Effect.fnUntraced(function* (sql: PgClient.PgClient, self: string) {
  const pending = new Set<string>()
  const isPending = yield* Latch.make(false)
  const send = Effect.gen(function* () {
    yield* isPending.await
    yield* isPending.close
    const payload = [self, ...pending].join(",")
    pending.clear()
    yield* Effect.ignore(sql.notify(CHANNEL, payload))
    yield* Effect.sleep(COALESCE)
  })
  yield* Effect.forkScoped(Effect.forever(send))
  return (topics: ReadonlySet<string>) =>
    Effect.suspend(() => {
      for (const topic of topics) pending.add(topic)
      return isPending.open
    })
})

/** Listens on a connection of its own, and again after a second when it is lost. */
const receive = (sql: PgClient.PgClient, self: string, notify: (topics: ReadonlySet<string>) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const notifications = yield* sql.listen(CHANNEL)
    while (true) {
      const { payload } = yield* Queue.take(notifications)
      const [sender, ...topics] = payload.split(",")
      if (sender !== self) yield* notify(new Set(topics))
    }
  }).pipe(Effect.scoped, Effect.ignore, Effect.repeat(Schedule.jittered(Schedule.spaced("1 second"))))

/** Waits for a wake-up that concerns one of the topics (any at all, when undefined); those piled up count as one. */
export const nextWakeup = Effect.fnUntraced(function* (
  wakeups: PubSub.Subscription<ReadonlySet<string>>,
  topics: ReadonlySet<string> | undefined
) {
  while (true) {
    const piled = yield* PubSub.takeAll(wakeups)
    if (topics === undefined || piled.some((woken) => !woken.isDisjointFrom(topics))) return
  }
})
