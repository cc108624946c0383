import { createHash } from "node:crypto"
import type { ObjectStoreUnavailable } from "@flowforge/platform"
import { Effect, Option, Stream } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { EXAMPLES, type Finding, WITHOUT } from "./check.ts"
import type { AuditContext } from "./context.ts"

const INVARIANT =
  "every stored receipt opens, has the hash it was stored with, and names its order and the order's total"
const PAGE = 1_000
const CONCURRENCY = 8

interface Receipt {
  readonly order_id: string
  readonly object_key: string
  readonly sha256: Uint8Array
  readonly total_amount: number
}

const amounts = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2 })

/** Opens every stored receipt: it must be there, unchanged, and be that order's, at its price. */
export const checkReceipts = <E>({
  objects,
  sql
}: AuditContext<E>): Effect.Effect<Finding, ObjectStoreUnavailable | SqlError.SqlError> => {
  if (objects === undefined) {
    return Effect.succeed({ invariant: INVARIANT, violations: undefined, notAsked: WITHOUT.objects, examples: [] })
  }
  const findFault = (receipt: Receipt) =>
    objects.get(receipt.object_key).pipe(
      Effect.map(
        Option.match({
          onNone: () => `${receipt.order_id}: there is no object ${receipt.object_key}`,
          onSome: (body) => {
            if (!createHash("sha256").update(body).digest().equals(receipt.sha256)) {
              return `${receipt.order_id}: the object ${receipt.object_key} has another hash`
            }
            const text = Buffer.from(body)
            return [receipt.order_id, amounts.format(receipt.total_amount / 100)].every((words) => text.includes(words))
              ? undefined
              : `${receipt.order_id}: the object ${receipt.object_key} does not name the order and its total`
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
        `SELECT r.order_id, r.object_key, r.sha256, coalesce(o.total_amount, 0)::float8 AS total_amount
           FROM receipts r LEFT JOIN orders o ON o.id = r.order_id
          WHERE r.order_id > $1::uuid ORDER BY r.order_id LIMIT ${PAGE}`,
        [after]
      )
      .pipe(
        Effect.map(
          (rows) => [rows, rows.length < PAGE ? Option.none() : Option.fromNullishOr(rows.at(-1)?.order_id)] as const
        )
      )
  )
