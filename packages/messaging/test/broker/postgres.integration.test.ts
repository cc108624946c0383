import { Wakeups } from "@flowforge/messaging"
import { layer } from "@flowforge/messaging/postgres"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { BrokerFaults } from "./faults.ts"
import { brokerSuite } from "./suite.ts"

const layerFaults = Layer.effect(
  BrokerFaults,
  Effect.map(SqlClient.SqlClient, (sql) => ({
    loseLeases: (group) =>
      Effect.orDie(
        sql.unsafe(
          `UPDATE broker_cursors SET owner = gen_random_uuid(), lease_epoch = lease_epoch + 1 WHERE consumer_group = $1`,
          [group]
        )
      )
  }))
)

brokerSuite("postgres", Layer.merge(layer, layerFaults).pipe(Layer.provide([Wakeups.layer, layerTestDatabase])))
