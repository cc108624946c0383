import { type GroupStatus, INTERNAL_STATUS, InternalStatus } from "@flowforge/contracts"
import { OutboxWatch, standingOf } from "@flowforge/messaging"
import type { KnownRoute } from "@flowforge/platform/http"
import { Effect, Schema } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { SqlClient } from "effect/sql"
import type { Membership } from "./progress.ts"

/** How a group stands: what the broker knows of it, and what it keeps in PostgreSQL. */
const statusOf = ({ group, subscription, topics }: Membership) =>
  Effect.map(
    Effect.all([subscription.members, subscription.lag, subscription.waiting, standingOf(group, topics)], {
      concurrency: "unbounded"
    }),
    ([members, lag, waiting, standings]): GroupStatus => ({
      members,
      lag: Object.fromEntries(lag),
      oldest_unhandled_seconds: Math.floor(waiting / 1000),
      dead_letters: Object.fromEntries(
        standings.flatMap(({ dead, oldestDead, topic }) =>
          oldestDead === null ? [] : [[topic, { count: dead, oldest: oldestDead }]]
        )
      )
    })
  )

/** The address of {@link layerStatusRoutes}. */
export const statusRoutes: ReadonlyArray<KnownRoute> = [{ method: "GET", path: INTERNAL_STATUS }]

/** `/internal/status`, asked anew each time: for the operator, which asks every 15 s. */
export const layerStatusRoutes = (process: string, memberships: Effect.Effect<ReadonlyArray<Membership>>) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const sql = yield* SqlClient.SqlClient
      const status = Effect.gen(function* () {
        const groups = yield* Effect.forEach(yield* memberships, (one) =>
          Effect.map(statusOf(one), (status) => [one.group, status] as const)
        )
        return {
          process,
          groups: Object.fromEntries(groups),
          oldest_unpublished_seconds: Math.floor(yield* OutboxWatch.unpublishedSeconds(process))
        }
      })
      yield* router.add(
        "GET",
        INTERNAL_STATUS,
        status.pipe(
          Effect.flatMap(Schema.encodeEffect(InternalStatus)),
          Effect.map((body) => HttpServerResponse.jsonUnsafe(body)),
          Effect.provideService(SqlClient.SqlClient, sql)
        )
      )
    })
  )
