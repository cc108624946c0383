import { assert, beforeAll, describe, it } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { Effect } from "effect"
import { vi } from "vitest"
import { isSmoke, layerCluster, readInstallation } from "../../stories/cluster.ts"
import { Driver } from "../../stories/driver.ts"
import { endOf, place } from "../../stories/told/shopping.ts"
import { isReached, podsOf, rolledOut, until } from "../change.ts"
import { NODE_PORTS } from "../cluster.ts"
import { applyDependencies, dependenciesReady } from "../dependencies.ts"
import { forward } from "../forward.ts"
import { uninstallRelease } from "../install.ts"
import { DEFINITION, type Installation, uninstall } from "../installation.ts"
import { kubectl } from "../kubectl.ts"
import { nothingLost, underLoad } from "../nothing-lost.ts"
import { type Block, blocksOf, readPage, TRIAL } from "../page.ts"
import { CLIENT_MISSING, findPostgresClient } from "../postgres-client.ts"
import { type Given, makeReader, type Reader } from "../reader.ts"

vi.setConfig({ testTimeout: 660_000, hookTimeout: 300_000 })

const installation = readInstallation()
const { access, apiUrl, image, namespace, nextImage, pipeline } = installation
const NAMESPACE = "flowforge"
const ITEM = 21
/** What the page makes. */
const shop: Installation = { ...installation, namespace: NAMESPACE, pipeline: "flowforge" }

// It concerns the whole cluster, so it needs one of its own.
const isSkipped = isSmoke || !installation.isOwnCluster
const client = isSkipped ? undefined : await findPostgresClient()

let reader: Reader
/** An order of before the backup, and one of after it. */
let [kept, lost]: Array<OrderId> = []

const given: Given = {
  IMAGE: image,
  NEXT_IMAGE: nextImage,
  DATABASE_URL: "postgres://flowforge:flowforge@postgres:5432/flowforge",
  KAFKA_USERNAME: "nobody",
  KAFKA_PASSWORD: "asks",
  REDIS_PASSWORD: "here",
  REDIS_URL: "redis://redis:6379"
}

const type = ({ commands }: Block, other: Partial<Given> = {}): Effect.Effect<string> =>
  Effect.promise(() => reader.type(commands, { ...given, ...other }))

/** PostgreSQL as it is reached from this machine, where the programs of the backup run. */
const typeHere = (block: Block): Effect.Effect<string> =>
  Effect.acquireUseRelease(
    Effect.promise(() => forward(access, NAMESPACE, "postgres", 5432)),
    ({ port }) => type(block, { DATABASE_URL: given.DATABASE_URL.replace("postgres:5432", `127.0.0.1:${port}`) }),
    ({ close }) => Effect.sync(close)
  )

/** Ways into what the page makes, once it is there. */
const inShop = Effect.provide(layerCluster(shop))

const ordered = Effect.gen(function* () {
  const id = yield* place({ items: [[ITEM, 1]] })
  assert.strictEqual((yield* endOf(id)).status, "CONFIRMED")
  return id
}).pipe(inShop)

/** Orders keep coming until every process has the image. */
const nothingLostUntil = (image: string) => (block: Block) =>
  Effect.all([underLoad(shop, () => rolledOut(shop, image)), type(block)], { concurrency: "unbounded" }).pipe(
    Effect.flatMap(([report]) => inShop(nothingLost(shop, report)))
  )

const statusOf = async (path: string): Promise<number> => (await fetch(`${apiUrl}/orders/${path}`)).status

/** What is done, or seen, beside typing a block, which is known by some of its words. */
const beside: Readonly<Record<string, (block: Block) => Effect.Effect<unknown, unknown>>> = {
  "kubectl create namespace flowforge": (block) =>
    Effect.andThen(
      type(block),
      Effect.promise(async () => {
        await applyDependencies(access, { namespace: NAMESPACE, image, s3NodePort: NODE_PORTS.s3 })
        await dependenciesReady(access, NAMESPACE, () => {})
      })
    ),
  "cp charts/flowforge/examples/production.yaml": (block) => Effect.andThen(type(block), Effect.promise(reader.edit)),
  "helm test flowforge --namespace": (block) => Effect.andThen(type(block), ordered),
  'upgrade flowforge charts/flowforge --namespace flowforge --values production.yaml --set pipeline.image="$NEXT_IMAGE"':
    nothingLostUntil(nextImage),
  "helm rollback flowforge": nothingLostUntil(image),
  pg_dump: (block) =>
    Effect.gen(function* () {
      kept = yield* ordered
      // What is on its way while a dump is made is between the two, as the page says.
      yield* Effect.flatMap(Driver, ({ atRest }) => atRest).pipe(inShop)
      yield* typeHere(block)
      lost = yield* ordered
    }),
  pg_restore: (block) =>
    Effect.gen(function* () {
      yield* typeHere(block)
      yield* Effect.promise(() => isReached(shop))
      const found = yield* Effect.promise(() =>
        Promise.all([`${kept}`, `${kept}/receipt`, `${lost}`, `${lost}/status`].map(statusOf))
      )
      assert.deepStrictEqual(found, [200, 200, 404, 404], "what was backed up is there, what came after is not")
      yield* ordered
    }),
  "helm uninstall flowforge-crds": (block) =>
    Effect.andThen(
      type(block),
      Effect.promise(() => kubectl(access, ["get", "crd", DEFINITION]))
    )
}

const blocks = blocksOf(readPage()).filter(({ section, use }) => section !== TRIAL && use === "run")
const named = ({ commands }: Block): ReadonlyArray<string> =>
  Object.keys(beside).filter((words) => commands.includes(words))

/** The cluster as a reader finds it: nothing of FlowForge is in it. */
const cleared = async (): Promise<void> => {
  await uninstallRelease(access, pipeline, namespace)
  await until(
    "nothing of it runs",
    async () => (await podsOf(installation, `app.kubernetes.io/instance=${pipeline}`)).length === 0
  )
  await uninstall(access, namespace)
  await kubectl(access, ["delete", "crd", DEFINITION])
}

describe.skipIf(isSkipped)("docs/kubernetes.md", () => {
  beforeAll(async () => {
    await cleared()
    reader = await makeReader(installation, client)
  })

  it("has each block once that there is something to see of", () => {
    assert.deepStrictEqual(blocks.flatMap(named).toSorted(), Object.keys(beside).toSorted())
  })

  let went = true
  for (const block of blocks) {
    const [words] = named(block)
    const needsClient = words?.startsWith("pg_") === true && client === undefined
    const title = `line ${block.line}: ${block.commands.split("\n")[0]}${needsClient ? ` (${CLIENT_MISSING})` : ""}`
    it.live.skipIf(needsClient)(title, () =>
      Effect.gen(function* () {
        assert.isTrue(went, "a block before it failed")
        went = false
        yield* words === undefined ? type(block) : beside[words]!(block)
        went = true
      })
    )
  }
})
