import { createHash } from "node:crypto"
import type { ObjectStoreUnavailable } from "@flowforge/platform"
import { Effect, Option, Stream } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { EXAMPLES, type Finding } from "./check.ts"
import type { AuditContext } from "./context.ts"

const INVARIANT = "every stored receipt opens, names its order and has the hash it was stored with"
const PAGE = 1_000
const CONCURRENCY = 8

interface Receipt {
  readonly order_id: string
  readonly object_key: string
  readonly sha256: Uint8Array
}

/** Opens every stored receipt: it must be there, unchanged, and be that order's. */
export const checkReceipts = <E>({
  objects,
  sql
}: AuditContext<E>): Effect.Effect<Finding, ObjectStoreUnavailable | SqlError.SqlError> => {
  if (objects === undefined) return Effect.succeed({ invariant: INVARIANT, violations: undefined, examples: [] })
  const findFault = (receipt: Receipt) =>
    objects.get(receipt.object_key).pipe(
      Effect.map(
        Option.match({
          onNone: () => `${receipt.order_id}: there is no object ${receipt.object_key}`,
          onSome: (body) => {
            if (!createHash("sha256").update(body).digest().equals(receipt.sha256)) {
              return `${receipt.order_id}: the object ${receipt.object_key} has another hash`
            }
            return Buffer.from(body).includes(receipt.order_id)
              ? undefined
              : `${receipt.order_id}: the object ${receipt.object_key} does not name the order`
          }
        })
      )
    )
  return receipts(sql).pipe(
    Stream.mapEffect(findFault, { concurrency: CONCURRENCY }),
    Stream.runFold(
      (): Finding => ({
        invariant: INVARIANT,
        violations: 0,
        examples: []
      }),
      (finding, fault) =>
        fault === undefined
          ? finding
          : {
              ...finding,
              violations: (finding.violations ?? 0) + 1,
              examples: [...finding.examples, fault].slice(0, EXAMPLES)
            }
    )
  )
}

const receipts = (sql: SqlClient.SqlClient) =>
  Stream.paginate("00000000-0000-0000-0000-000000000000", (after) =>
    sql
      .unsafe<Receipt>(
        `SELECT order_id, object_key, sha256 FROM receipts WHERE order_id > $1::uuid ORDER BY order_id LIMIT ${PAGE}`,
        [after]
      )
      .pipe(
        Effect.map(
          (rows) => [rows, rows.length < PAGE ? Option.none() : Option.fromNullishOr(rows.at(-1)?.order_id)] as const
        )
      )
  )
