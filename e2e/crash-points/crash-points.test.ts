import { layer } from "@effect/vitest"
import { Effect } from "effect"
import { layerDatabaseOf } from "../system/at-rest.ts"
import { live, type Round, titleOf } from "./dying.ts"
import { World } from "./world.ts"
import { SqlClient } from "effect/sql"

const ROUNDS: ReadonlyArray<Round> = [
  {
    api: "intake.inserted",
    order: "consumer.handled",
    payment: "consumer.called",
    inventory: "consumer.committed",
    notification: "sending.stored"
  },
  {
    api: "intake.committed",
    order: "consumer.committed",
    payment: "consumer.parked",
    inventory: "consumer.acknowledged",
    notification: "sending.sent"
  },
  {
    order: "consumer.closing",
    payment: "settlement.made",
    inventory: "consumer.buried",
    notification: "consumer.called"
  }
]

/** A record that the group inventory cannot read. */
const poison = Effect.gen(function* () {
  const { instance } = yield* World
  yield* SqlClient.SqlClient.use(
    (sql) => sql`INSERT INTO outbox (source, topic, partition, key, event_id, value, headers)
      VALUES ('test', 'payment.succeeded', 0, '', gen_random_uuid(), 'no JSON', '{}')`
  ).pipe(Effect.provide(layerDatabaseOf(instance)), Effect.orDie)
})

layer(World.layer(Effect.succeed({})), { excludeTestServices: true, timeout: "90 seconds" })(
  "nothing is lost and nothing repeated when",
  (it) => {
    let deadLetters = 0
    for (const [n, round] of ROUNDS.entries()) {
      const buries = Object.values(round).includes("consumer.buried")
      it.effect(
        `${titleOf(round)} die`,
        () =>
          Effect.gen(function* () {
            if (buries) {
              yield* poison
              deadLetters++
            }
            yield* live(round, { name: `round-${n}`, expectedDeadLetters: deadLetters })
          }),
        180_000
      )
    }
  }
)
