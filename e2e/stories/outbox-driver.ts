import { randomUUID } from "node:crypto"
import { Topics } from "@flowforge/contracts"
import type { InstanceRecord } from "@flowforge/embedded"
import { auditInstance } from "@flowforge/embedded/audit"
import { partitionOf } from "@flowforge/messaging"
import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { atRest, layerDatabaseOf } from "../system/at-rest.ts"
import { FlowForge } from "../system/client.ts"
import { messagesSince, shortName } from "../system/outside.ts"
import { Driver, type RawRecord } from "./driver.ts"
import { commonHands } from "./hands.ts"

const utf8 = new TextEncoder()
const partitions = new Map<string, number>(Object.values(Topics).map((topic) => [topic.name, topic.partitions]))
const REST_WITHIN = "30 seconds"

/** A hand in a system whose broker is the outbox: what is appended there is in the topic. */
export const layerOutboxDriver = (instance: InstanceRecord) => {
  const flowforge = FlowForge.layer(instance)
  const driver = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { managementUrl } = yield* FlowForge
    const hands = yield* commonHands(instance.gatewayUrl)
    const here = yield* Effect.context<FlowForge>()

    const recordsOf = (key: string) =>
      sql<RawRecord>`SELECT topic, key, value, convert_from(headers, 'UTF8')::jsonb || jsonb_build_object('ce_id', event_id) AS headers
        FROM outbox WHERE key = ${key} AND topic NOT LIKE '%.dlq' ORDER BY epoch, xid, id`

    const inject = (records: ReadonlyArray<RawRecord>) =>
      sql.unsafe(
        `INSERT INTO outbox (source, topic, partition, key, event_id, value, headers)
         SELECT 'story', * FROM unnest($1::text[], $2::int[], $3::text[], $4::uuid[], $5::bytea[], $6::bytea[])`,
        [
          records.map(({ topic }) => topic),
          records.map(({ key, topic }) => partitionOf(key ?? "", partitions.get(topic)!)),
          // The outbox knows no null key: the embedded broker's keys are the empty one at least.
          records.map(({ key }) => key ?? ""),
          records.map(({ headers }) => headers["ce_id"] ?? randomUUID()),
          records.map(({ value }) => (typeof value === "string" ? utf8.encode(value) : value)),
          records.map(({ headers }) => utf8.encode(JSON.stringify(headers)))
        ]
      )

    return Driver.of({
      ...hands,
      lettersAbout: (orderId) =>
        messagesSince(0).pipe(
          Effect.map((told) => told.get(shortName(orderId)) ?? []),
          Effect.flatMap(
            Effect.forEach(({ kind, path, subject, to }) =>
              Effect.promise(() => fetch(`${managementUrl}${path}?raw`).then((response) => response.text())).pipe(
                Effect.map((source) => ({ kind, to, subject, source }))
              )
            )
          ),
          Effect.provide(here),
          Effect.orDie
        ),
      recordsOf: (key) => Effect.orDie(recordsOf(key)),
      inject: (records) => Effect.asVoid(Effect.orDie(inject(records))),
      atRest: Effect.orDie(atRest(instance, REST_WITHIN)),
      audit: (options) => Effect.orDie(auditInstance(instance, { settleTime: Duration.zero, ...options }))
    })
  })
  return Layer.effect(Driver, driver).pipe(Layer.provide(layerDatabaseOf(instance)), Layer.provideMerge(flowforge))
}
