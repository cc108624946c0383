import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { layerPostgres, migrate } from "@flowforge/platform"
import { TestDatabase } from "@flowforge/testkit"
import { Effect, Layer, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { temporaryFolder } from "../temporary-folder.ts"

/** A pool of a process of its own; migrations wait for each other across processes, not within a pool. */
const layerProcess = Layer.unwrap(
  Effect.map(TestDatabase, ({ url }) => layerPostgres({ url, applicationName: "test", maxConnections: 2 }))
)

/** A test's migrations, in a database that has nothing of FlowForge's. */
const inEmptyDatabase = <A, E>(effect: Effect.Effect<A, E, SqlClient.SqlClient | TestDatabase | Scope.Scope>) =>
  SqlClient.SqlClient.use((sql) =>
    sql`DROP SCHEMA public CASCADE`.pipe(Effect.andThen(sql`CREATE SCHEMA public`))
  ).pipe(Effect.andThen(effect), Effect.provide(layerProcess), Effect.provide(TestDatabase.layer), Effect.scoped)

const write = (folder: string, files: Record<string, string>) =>
  Effect.promise(() => Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text))))

const from = (code: number, text: string) => `-- works with code from: ${code}\n${text}\n`

const written = Effect.fnUntraced(function* (files: Record<string, string>) {
  const folder = yield* temporaryFolder
  yield* write(folder, files)
  return folder
})

const applied = SqlClient.SqlClient.use(
  (sql) => sql<{ name: string }>`SELECT name FROM schema_migrations ORDER BY name`
).pipe(Effect.map((rows) => rows.map(({ name }) => name)))

const tables = SqlClient.SqlClient.use(
  (sql) => sql<{ name: string }>`SELECT relname AS name FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'schema_migrations' ORDER BY relname`
).pipe(Effect.map((rows) => rows.map(({ name }) => name)))

const A = from(1, "CREATE TABLE a (id int);\nCREATE TABLE a2 (id int);")
const B = from(1, "CREATE TABLE b (id int);")

describe("migrations", () => {
  it.live("are applied in order, once, and only the new ones the next time", () =>
    inEmptyDatabase(
      Effect.gen(function* () {
        const folder = yield* written({ "0002_b.sql": B, "0001_a.sql": A, "notes.txt": "no migration" })
        assert.deepStrictEqual(yield* migrate(folder), ["0001_a.sql", "0002_b.sql"])
        assert.deepStrictEqual(yield* migrate(folder), [])
        yield* write(folder, { "0003_c.sql": from(1, "ALTER TABLE b ADD c int;") })
        assert.deepStrictEqual(yield* migrate(folder), ["0003_c.sql"])
        assert.deepStrictEqual(yield* tables, ["a", "a2", "b"])
      })
    )
  )

  it.live("of several processes at once are applied once", () =>
    inEmptyDatabase(
      Effect.gen(function* () {
        const slow = from(1, "CREATE TABLE a (id int);\nSELECT pg_sleep(0.2);\nINSERT INTO a VALUES (1);")
        const folder = yield* written({ "0001_a.sql": slow, "0002_b.sql": B })
        const results = yield* Effect.forEach(
          Array.from({ length: 5 }),
          () => migrate(folder).pipe(Effect.provide(Layer.fresh(layerProcess))),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(results.flat().sort(), ["0001_a.sql", "0002_b.sql"])
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual(yield* sql`SELECT id FROM a`, [{ id: 1 }])
      })
    )
  )

  it.live("may take longer than any transaction of a service", () =>
    inEmptyDatabase(
      Effect.gen(function* () {
        const { url } = yield* TestDatabase
        const layerHasty = PgClient.layer({
          url,
          maxConnections: 1,
          startupParameters: { transaction_timeout: "100" }
        })
        const folder = yield* written({ "0001_a.sql": from(1, "SELECT pg_sleep(0.3);") })
        assert.deepStrictEqual(yield* migrate(folder).pipe(Effect.provide(layerHasty)), ["0001_a.sql"])
      })
    )
  )

  it.live("whose text was changed since are refused by name, and nothing else is applied", () =>
    inEmptyDatabase(
      Effect.gen(function* () {
        const folder = yield* written({ "0001_a.sql": A })
        yield* migrate(folder)
        yield* write(folder, { "0001_a.sql": `${A}-- a comment\n`, "0002_b.sql": B })
        const error = yield* Effect.flip(migrate(folder))
        assert.match(error.message, /^Migration 0001_a\.sql was changed after it had been applied/u)
        assert.deepStrictEqual(yield* applied, ["0001_a.sql"])
      })
    )
  )

  it.live("that do not say which code they work with are refused by name, and nothing else is applied", () =>
    inEmptyDatabase(
      Effect.gen(function* () {
        const folder = yield* written({ "0001_a.sql": A, "0002_b.sql": "CREATE TABLE b (id int);" })
        const error = yield* Effect.flip(migrate(folder))
        assert.match(error.message, /^Migration 0002_b\.sql does not state the oldest code it works with/u)
        assert.deepStrictEqual(yield* tables, [])
      })
    )
  )

  it.live("of a newer release are no hindrance as long as they allow this code", () =>
    inEmptyDatabase(
      Effect.gen(function* () {
        const newer = yield* written({ "0001_a.sql": A, "0002_b.sql": from(2, "CREATE TABLE b (id int);") })
        yield* migrate(newer, 3)
        const older = yield* written({ "0001_a.sql": A })
        assert.deepStrictEqual(yield* migrate(older, 2), [])
      })
    )
  )

  it.live("of a newer release that do not allow this code refuse it by name, and nothing is applied", () =>
    inEmptyDatabase(
      Effect.gen(function* () {
        const newer = yield* written({ "0001_a.sql": A, "0002_b.sql": from(2, "DROP TABLE a2;") })
        yield* migrate(newer, 2)
        const older = yield* written({ "0001_a.sql": A, "0003_c.sql": from(1, "CREATE TABLE c (id int);") })
        const error = yield* Effect.flip(migrate(older, 1))
        assert.strictEqual(error.message, "Migration 0002_b.sql does not allow code of version 1; run a newer release")
        assert.deepStrictEqual(yield* tables, ["a"])
      })
    )
  )

  it.live("that do not allow the code that brings them are refused before they are applied", () =>
    inEmptyDatabase(
      Effect.gen(function* () {
        const folder = yield* written({ "0001_a.sql": A, "0002_b.sql": from(2, "DROP TABLE a2;") })
        const error = yield* Effect.flip(migrate(folder, 1))
        assert.match(error.message, /^Migration 0002_b\.sql does not allow code of version 1, which brings it/u)
        assert.deepStrictEqual(yield* tables, [])
      })
    )
  )

  it.live("that come late, before one already applied, are refused by name", () =>
    inEmptyDatabase(
      Effect.gen(function* () {
        const folder = yield* written({ "0001_a.sql": A, "0003_b.sql": B })
        yield* migrate(folder)
        yield* write(folder, { "0002_c.sql": from(1, "CREATE TABLE c (id int);") })
        const error = yield* Effect.flip(migrate(folder))
        assert.match(error.message, /^Migration 0002_c\.sql comes before 0003_b\.sql/u)
        assert.deepStrictEqual(yield* tables, ["a", "a2", "b"])
      })
    )
  )

  it.live("that fail leave nothing of themselves, and are applied once they are mended", () =>
    inEmptyDatabase(
      Effect.gen(function* () {
        const broken = from(1, "CREATE TABLE b (id int);\nINSERT INTO b VALUES (1);\nSELECT nothing FROM nowhere;")
        const folder = yield* written({ "0001_a.sql": A, "0002_b.sql": broken })
        assert.strictEqual((yield* Effect.flip(migrate(folder)))._tag, "SqlError")
        assert.deepStrictEqual(yield* tables, ["a", "a2"])
        assert.deepStrictEqual(yield* applied, ["0001_a.sql"])
        yield* write(folder, { "0002_b.sql": B })
        assert.deepStrictEqual(yield* migrate(folder), ["0002_b.sql"])
      })
    )
  )
})
