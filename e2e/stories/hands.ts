import { GatewayControlApi } from "@flowforge/contracts"
import { Effect } from "effect"
import { FetchHttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { SqlClient } from "effect/sql"
import { moneySince } from "../system/outside.ts"
import type { Driver, OpenDeadLetter } from "./driver.ts"

/** What a driver reaches in the same way however FlowForge runs: the payment company, and the dead letters in the database. */
export const commonHands = Effect.fnUntraced(function* (gatewayUrl: string) {
  const sql = yield* SqlClient.SqlClient
  const { control } = yield* HttpApiClient.make(GatewayControlApi, { baseUrl: gatewayUrl })
  return {
    moneyOf: (orderId) =>
      moneySince(gatewayUrl, 0).pipe(
        Effect.map((money) => money.get(orderId) ?? { captures: 0, refunds: 0 }),
        Effect.orDie
      ),
    openDeadLetters: Effect.orDie(
      sql<OpenDeadLetter>`SELECT id, consumer_group AS "group", topic, key, error_kind AS kind,
          convert_from(headers, 'UTF8')::json AS headers
        FROM dead_letters WHERE state = 'open'`
    ),
    gateway: (change) => Effect.asVoid(Effect.orDie(control.change({ payload: change })))
  } satisfies Partial<Driver["Service"]>
}, Effect.provide(FetchHttpClient.layer))
