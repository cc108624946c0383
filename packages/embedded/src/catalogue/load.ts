import { Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { catalogueItems } from "./items.ts"
import { catalogueUsers } from "./users.ts"

/** Opens the shop: enters the items and customers that are missing. What is there already, its stock above all, stays. */
export const loadCatalogue: Effect.Effect<
  { readonly items: number; readonly users: number },
  SqlError.SqlError,
  SqlClient.SqlClient
> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const items = yield* sql.unsafe(
    `INSERT INTO items (id, name, price, initial, available)
     SELECT id, name, price, stock, stock
     FROM json_to_recordset($1::json) AS item (id integer, name text, price bigint, stock integer)
     ON CONFLICT (id) DO NOTHING RETURNING id`,
    [JSON.stringify(catalogueItems)]
  )
  const users = yield* sql.unsafe(
    `INSERT INTO users (id, name, email, phone)
     SELECT id, name, email, phone
     FROM json_to_recordset($1::json) AS customer (id uuid, name text, email text, phone text)
     ON CONFLICT (id) DO NOTHING RETURNING id`,
    [JSON.stringify(catalogueUsers)]
  )
  return { items: items.length, users: users.length }
})
