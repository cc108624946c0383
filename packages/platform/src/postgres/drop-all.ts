import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const BUDGET = "5min"

/**
 * Drops every table and function of the current user in the schema that it writes to, and what hangs on them. What belongs to
 * others, or to an extension, stays.
 */
const DROP_ALL = `DO $$
DECLARE statement text;
BEGIN
  FOR statement IN
    SELECT format('DROP TABLE IF EXISTS %s CASCADE', c.oid::regclass)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
     WHERE n.nspname = current_schema() AND r.rolname = current_user AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    UNION ALL
    SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', p.oid::regprocedure)
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner
     WHERE n.nspname = current_schema() AND r.rolname = current_user AND p.prokind = 'f'
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP
    EXECUTE statement;
  END LOOP;
END $$`

export const dropAll = SqlClient.SqlClient.use((sql) =>
  sql.withTransaction(
    // A running limit is not moved by another one, only ended by none.
    sql`SET LOCAL transaction_timeout = 0`.pipe(
      Effect.andThen(sql.unsafe(`SET LOCAL transaction_timeout = '${BUDGET}'`)),
      Effect.andThen(sql.unsafe(DROP_ALL))
    )
  )
)
