import { assert, layer } from "@effect/vitest"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { catalogueItems, catalogueUsers, loadCatalogue } from "../../src/catalogue/index.ts"

layer(layerTestDatabase)("the catalogue", (it) => {
  it.effect("is loaded once; loading it again leaves stock and names as they have become", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* loadCatalogue, { items: catalogueItems.length, users: 100 })
      yield* sql`UPDATE items SET available = available - 2, name = 'renamed' WHERE id = 1`
      yield* sql`DELETE FROM items WHERE id = 2`
      assert.deepStrictEqual(yield* loadCatalogue, { items: 1, users: 0 })
      const [item] = yield* sql<{ name: string; sold: number }>`
        SELECT name, initial - available AS sold FROM items WHERE id = 1`
      assert.deepStrictEqual(item, { name: "renamed", sold: 2 })
    })
  )

  it.effect("has 60 items or more, some scarce, and 100 customers with the ids of the README", () =>
    Effect.sync(() => {
      assert.isAtLeast(catalogueItems.length, 60)
      assert.isTrue(catalogueItems.every((item, index) => item.id === index + 1))
      assert.strictEqual(new Set(catalogueItems.map((item) => item.name)).size, catalogueItems.length)
      assert.isAtLeast(catalogueItems.filter((item) => item.stock >= 3 && item.stock <= 20).length, 5)
      assert.isTrue(catalogueItems.every((item) => item.price > 0 && Number.isInteger(item.price)))
      assert.strictEqual(catalogueUsers[0]?.id, "00000000-0000-7000-8000-000000000001")
      assert.strictEqual(catalogueUsers[99]?.id, "00000000-0000-7000-8000-000000000100")
      assert.strictEqual(new Set(catalogueUsers.map((user) => user.name)).size, 100)
      assert.strictEqual(new Set(catalogueUsers.map((user) => user.email)).size, 100)
    })
  )
})
