import { GatewayControlApi } from "@flowforge/contracts"
import { Effect, Option, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import type { AuditContext } from "./context.ts"
import { RecordUnreadable } from "./record-unreadable.ts"

const PAGE = 1_000

/** The ledger of the payment company at this address. */
export const ledgerOf = (url: string): AuditContext<RecordUnreadable>["ledger"] =>
  Stream.unwrap(
    Effect.map(HttpApiClient.make(GatewayControlApi, { baseUrl: url }), (gateway) =>
      Stream.paginate(0, (after) =>
        gateway.control.ledger({ query: { after, limit: PAGE } }).pipe(
          Effect.map(({ entries }) => [entries, Option.map(lastOf(entries), ({ sequence }) => sequence)] as const),
          Effect.mapError(
            (error) => new RecordUnreadable({ message: `The gateway's ledger cannot be read: ${error.message}` })
          )
        )
      )
    )
  ).pipe(Stream.provide(FetchHttpClient.layer))

const lastOf = <A>(entries: ReadonlyArray<A>): Option.Option<A> => Option.fromNullishOr(entries.at(-1))
