import { GatewayControlApi } from "@flowforge/contracts"
import type { RunningSystem } from "@flowforge/embedded"
import { auditSystem, sentBy } from "@flowforge/embedded/audit"
import { eventually } from "@flowforge/testkit"
import { Duration, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { SqlClient } from "effect/sql"
import type { Kafka } from "kafkajs"
import { atRest, layerDatabaseOf } from "../system/at-rest.ts"
import { FlowForge } from "../system/client.ts"
import { moneySince } from "../system/outside.ts"
import { Driver, type OpenDeadLetter } from "./driver.ts"
import { lettersAbout } from "./mails.ts"
import { topicsOf } from "./topics.ts"

/** Where an installation's parts are, as seen from here. */
export interface RealInstallation extends RunningSystem {
  readonly messages: Extract<RunningSystem["messages"], { readonly kind: "moto" }>
  readonly kafka: Kafka
}

const GROUPS = ["order", "payment", "inventory", "notification"]
const REST_WITHIN = "60 seconds"

/** A hand in a system on Kafka, S3, SES and SNS, wherever they run. */
export const layerRealDriver = (installation: RealInstallation): Layer.Layer<Driver | FlowForge> => {
  const { gatewayUrl, kafka, messages } = installation
  const driver = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const topics = yield* topicsOf(kafka)
    const { control } = yield* HttpApiClient.make(GatewayControlApi, { baseUrl: gatewayUrl })
    const rest = Effect.gen(function* () {
      yield* atRest(installation, REST_WITHIN)
      yield* eventually(
        "every event has been handled by every group",
        Effect.map(topics.lagOf(GROUPS), (lag) => lag === 0),
        REST_WITHIN
      )
      // What was in hand then may have brought more about.
      yield* atRest(installation, REST_WITHIN)
    })
    return Driver.of({
      moneyOf: (orderId) =>
        moneySince(gatewayUrl, 0).pipe(
          Effect.map((money) => money.get(orderId) ?? { captures: 0, refunds: 0 }),
          Effect.orDie
        ),
      lettersAbout: (orderId) =>
        sentBy(messages.url).pipe(
          Effect.map((sent) => lettersAbout(sent, orderId)),
          Effect.orDie
        ),
      recordsOf: topics.recordsOf,
      inject: topics.inject,
      openDeadLetters: Effect.orDie(
        sql<OpenDeadLetter>`SELECT consumer_group AS "group", topic, key, error_kind AS kind
          FROM dead_letters WHERE state = 'open'`
      ),
      gateway: (change) => Effect.asVoid(Effect.orDie(control.change({ payload: change }))),
      atRest: Effect.orDie(rest),
      audit: (options) => Effect.orDie(auditSystem(installation, { settleTime: Duration.zero, ...options }))
    })
  })
  return Layer.effect(Driver, driver).pipe(
    Layer.provide([layerDatabaseOf(installation), FetchHttpClient.layer]),
    Layer.provideMerge(FlowForge.layer(installation)),
    Layer.orDie
  )
}
