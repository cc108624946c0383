import type { OrderId, UserId } from "@flowforge/contracts"
import { Context, Duration, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"

/** A request that carries an Idempotency-Key. */
export interface KeyedRequest {
  readonly userId: UserId
  readonly key: string
  readonly hash: Uint8Array
  readonly orderId: OrderId
  readonly response: Uint8Array
}

/** What an earlier request with the same key was answered. */
export interface EarlierAnswer {
  readonly userId: UserId
  readonly key: string
  readonly hash: Uint8Array
  readonly orderId: OrderId
  readonly response: Uint8Array
}

const CHUNK = 1_000

/** The table `idempotency_keys`. */
export class IdempotencyKeys extends Context.Service<
  IdempotencyKeys,
  {
    /**
     * Keeps the answers under their keys and gives back those that were there before. In the transaction that inserts
     * the orders: one that is under way in another process is waited for.
     */
    readonly claim: (
      requests: ReadonlyArray<KeyedRequest>
    ) => Effect.Effect<ReadonlyArray<EarlierAnswer>, SqlError.SqlError>
    /** Forgets a chunk of those older than this. Answers how many. */
    readonly expire: (age: Duration.Duration) => Effect.Effect<number, SqlError.SqlError>
  }
>()("@flowforge/order/IdempotencyKeys") {
  static readonly layerPostgres: Layer.Layer<IdempotencyKeys, never, SqlClient.SqlClient> = Layer.effect(
    IdempotencyKeys,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      return IdempotencyKeys.of({
        claim: (requests) =>
          sql.unsafe<EarlierAnswer>(CLAIM, [
            requests.map(({ userId }) => userId),
            requests.map(({ key }) => key),
            requests.map(({ hash }) => hash),
            requests.map(({ orderId }) => orderId),
            requests.map(({ response }) => response)
          ]),
        expire: (age) =>
          Effect.map(
            sql.unsafe(
              `DELETE FROM idempotency_keys WHERE (user_id, key) IN (
                 SELECT user_id, key FROM idempotency_keys
                 WHERE created_at < now() - $1::float8 * interval '1 second' LIMIT ${CHUNK})
               RETURNING 1`,
              [Duration.toSeconds(age)]
            ),
            (rows) => rows.length
          )
      })
    })
  )
}

/**
 * In the order of the keys, so that two processes never wait for each other in a circle. The update changes nothing: it
 * waits for whoever has the key under way, and keeps the row from expiring before it is read.
 */
const CLAIM = `
  WITH claimed AS (
    INSERT INTO idempotency_keys (user_id, key, request_hash, order_id, response)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $5::bytea[]) AS t (user_id, key, h, o, r)
    ORDER BY user_id, key ON CONFLICT (user_id, key) DO UPDATE SET key = excluded.key
    RETURNING user_id, key, request_hash, order_id, response)
  SELECT user_id AS "userId", key, request_hash AS hash, order_id AS "orderId", response
  FROM claimed WHERE order_id <> ALL ($4::uuid[])`
