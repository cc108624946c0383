import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import { control } from "../src/controller.ts"
import { FINALIZER } from "../src/desired/index.ts"
import { Kinds } from "../src/kubernetes/index.ts"
import { Reports } from "../src/reports.ts"
import { Storefront } from "../src/storefront.ts"
import { Memory } from "./memory.ts"
import { givenSpec, pipelineOf, referenced } from "./pipeline.ts"

const SHOP = { namespace: "shops", name: "shop" }

/** A cluster with one pipeline in it and what it refers to, and the operator at work. */
const operated = (prepare: (memory: Memory) => void = () => undefined) =>
  Effect.gen(function* () {
    const memory = new Memory()
    const { metadata } = pipelineOf()
    memory.put({
      apiVersion: Kinds.orderPipeline.apiVersion,
      kind: Kinds.orderPipeline.kind,
      metadata,
      spec: givenSpec
    })
    for (const [key, data] of referenced) {
      const [kind = "", name = ""] = key.split(" ")
      memory.put({ apiVersion: "v1", kind, metadata: { name, namespace: SHOP.namespace }, data: data ?? {} })
    }
    prepare(memory)
    const layerQuiet = Layer.merge(
      Layer.succeed(Reports, Reports.of({ of: () => Effect.succeed({}) })),
      Storefront.layer
    )
    yield* Effect.forkChild(control("shops").pipe(Effect.provide(Layer.merge(memory.layer(), layerQuiet))))
    return memory
  })

describe("a pipeline that is deleted and keeps its data no longer", () => {
  it.effect("goes although its Job is refused, because its namespace goes as well; people are told", () =>
    Effect.gen(function* () {
      const memory = yield* operated((memory) => {
        const found = memory.objects.get("OrderPipeline shops/shop")!
        const { metadata, spec } = found
        memory.put({
          ...found,
          spec: { ...spec, deletionPolicy: "Delete" },
          metadata: { ...metadata, finalizers: [FINALIZER], deletionTimestamp: "1970-01-01T00:00:00Z" }
        })
        memory.isForbidden = ({ kind }) => kind === "Job"
      })
      yield* TestClock.adjust("10 seconds")
      assert.isUndefined(memory.objects.get("OrderPipeline shops/shop"))
      const events = [...memory.objects.values()].filter(({ kind }) => kind === "Event") as ReadonlyArray<any>
      assert.deepStrictEqual(
        events.map(({ reason, type }) => ({ reason, type })),
        [{ type: "Warning", reason: "RemovalGivenUp" }]
      )
    })
  )
})

const mostInASecond = (times: ReadonlyArray<number>): number =>
  Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length))

describe("an operator at rest", () => {
  it.effect("writes everything once, and nothing while nothing changes", () =>
    Effect.gen(function* () {
      const memory = yield* operated()
      yield* TestClock.adjust("10 seconds")
      const before = memory.applied.length
      assert.isAbove(before, 0)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(memory.applied.length, before)
    })
  )
})

describe("another writer", () => {
  it.effect("that undoes every write at once is answered at most twice a second, for ever", () =>
    Effect.gen(function* () {
      const memory = yield* operated((memory) => {
        const edit = Effect.sync(() => {
          const found = memory.objects.get("Service shops/shop-api")
          if (found !== undefined) memory.put({ ...found, spec: { ...found.spec, ports: [] } })
          return { type: "MODIFIED", object: found ?? memory.objects.get("OrderPipeline shops/shop")! } as const
        })
        memory.watch = (kind) =>
          kind.kind === "Service" ? Stream.fromEffectSchedule(edit, Schedule.spaced("100 millis")) : Stream.never
      })
      yield* TestClock.adjust("1 minute")
      const times = memory.applied.filter(({ object }) => object === "Service shop-api").map(({ at }) => at)
      assert.isAbove(times.length, 30)
      assert.isAtMost(mostInASecond(times), 2)
    })
  )
})
