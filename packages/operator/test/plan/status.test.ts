import { describe, expect, it } from "vitest"
import type { Observed } from "../../src/observed/index.ts"
import type { OrderPipelineStatus } from "../../src/resource/index.ts"
import { pipelineOf } from "../pipeline.ts"
import { Cluster, type Fate, well } from "./cluster.ts"

const running = (spec: object = {}) => {
  const cluster = new Cluster()
  cluster.run(pipelineOf(spec))
  return cluster
}

const conditionIn = ({ conditions }: OrderPipelineStatus, type: string) => {
  const { message, reason, status } = conditions!.find((one) => one.type === type)!
  return { status, reason, message }
}

const letters = (count: number, oldest: string) => ({ "order.created": { count, oldest } })

describe("ready", () => {
  const rows: ReadonlyArray<
    readonly [title: string, status: string, reason: string, message: RegExp, reports: Observed["reports"]]
  > = [
    ["is an idle shop", "True", "Running", /events flow/u, well],
    [
      "is one whose oldest event waits for less than a minute",
      "True",
      "Running",
      /events flow/u,
      { ...well, payment: { ...well.payment, lag: 500, waitingSeconds: 59 } }
    ],
    [
      "is one with dead letters",
      "True",
      "Running",
      /events flow/u,
      { ...well, payment: { ...well.payment, deadLetters: letters(9, "2026-01-01T00:00:00Z") } }
    ],
    [
      "is none where an event waits for a minute",
      "False",
      "EventsWait",
      /^Events wait at payment \(for more than a minute\)$/u,
      { ...well, payment: { ...well.payment, lag: 1, waitingSeconds: 60 } }
    ],
    [
      "is none where a group has no members",
      "False",
      "GroupEmpty",
      /without a member: inventory$/u,
      { ...well, inventory: { ...well.inventory, members: 0 } }
    ],
    [
      "is not known of one that does not answer",
      "Unknown",
      "NoReport",
      /: payment, inventory, notification$/u,
      { order: well.order }
    ]
  ]
  it.each(rows)("%s", (_, status, reason, message, reports) => {
    const found = conditionIn(running().statusOf(pipelineOf(), { reports }), "Ready")
    expect(found).toEqual({ status, reason, message: expect.stringMatching(message) })
  })

  it("is none without a ready pod of each process", () => {
    const cluster = running()
    cluster.objects = cluster.objects.map((one) =>
      one.metadata.name === "shop-api" && one.kind === "Deployment"
        ? { ...one, status: { ...one.status, conditions: [{ type: "Available", status: "False" }] } }
        : one
    )
    expect(conditionIn(cluster.statusOf(pipelineOf()), "Ready")).toMatchObject({
      status: "False",
      reason: "ServicesUnavailable"
    })
  })
  it("is none where a group is scaled to nothing", () => {
    const spec = { services: { order: { replicas: 0 } } }
    expect(conditionIn(running(spec).statusOf(pipelineOf(spec)), "Ready")).toMatchObject({
      status: "False",
      reason: "GroupEmpty"
    })
  })
  it("does not change when only the events flow no more: nothing is reconciled or stalled then", () => {
    const status = running().statusOf(pipelineOf(), { reports: { ...well, order: { ...well.order, members: 0 } } })
    expect(["Reconciling", "Stalled"].map((type) => conditionIn(status, type).status)).toEqual(["False", "False"])
    expect(status.stage).toBe("Running")
  })
})

describe("the status", () => {
  it("tells lag by service and in all, and dead letters by topic with the oldest of all groups", () => {
    const reports = {
      ...well,
      payment: { ...well.payment, lag: 2, deadLetters: letters(1, "2026-01-02T00:00:00Z") },
      order: { ...well.order, lag: 3, deadLetters: letters(2, "2026-01-01T00:00:00Z") }
    }
    const status = running().statusOf(pipelineOf(), { reports })
    expect(status).toMatchObject({
      lag: 5,
      services: { order: { lag: 3, ready: 1 }, payment: { lag: 2 } },
      deadLetters: { total: 3, topics: letters(3, "2026-01-01T00:00:00Z") }
    })
    expect(conditionIn(status, "DeadLettersPresent")).toEqual({
      status: "True",
      reason: "Open",
      message: "3 in order.created since 2026-01-01T00:00:00Z"
    })
  })
})

describe("topics and migrations", () => {
  type Row = readonly [title: string, fate: Fate, topics: object, migrations: object]
  const fails = (words: string, exitCode: number): Fate => ({ fails: `flowforge: ${words}`, exitCode })
  const rows: ReadonlyArray<Row> = [
    [
      "are not known while they are prepared",
      "hangs",
      { status: "Unknown", message: "Waiting for the topics and the migrations" },
      { status: "Unknown", message: "Waiting for the topics and the migrations" }
    ],
    [
      "name the topic that is not as it should be",
      fails("order.created has 3 partitions, not 2", 20),
      { status: "False", reason: "TopicsNotReady", message: expect.stringContaining("order.created has 3 partitions") },
      { status: "Unknown", reason: "TopicsNotReady" }
    ],
    [
      "name the migration that does not allow the image",
      fails("Migration 0011_drop.sql does not allow it", 21),
      { status: "True" },
      { status: "False", reason: "MigrationRefused", message: expect.stringContaining("0011_drop.sql") }
    ]
  ]
  it.each(rows)("%s", (_, fate, topics, migrations) => {
    const cluster = new Cluster()
    cluster.fateOf = () => fate
    cluster.run(pipelineOf(), 2)
    const status = cluster.statusOf(pipelineOf())
    expect(conditionIn(status, "TopicsReady")).toMatchObject(topics)
    expect(conditionIn(status, "MigrationsApplied")).toMatchObject(migrations)
  })

  it("that are ready are told by what the Job left; without it, by the Job", () => {
    const cluster = running()
    const job = cluster.objects.find(({ kind }) => kind === "Job")!.metadata.name
    const messages = () =>
      ["TopicsReady", "MigrationsApplied"].map((type) => conditionIn(cluster.statusOf(pipelineOf()), type).message)
    expect(messages()).toEqual([`By the Job ${job}`, `By the Job ${job}`])
    const message = JSON.stringify({ topics: "order.created (2)", migrations: "0011_x.sql is the newest of 11" })
    const ended = { name: "flowforge", ready: false, state: { terminated: { exitCode: 0, message } } }
    cluster.objects.push({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `${job}-pod` },
      status: { containerStatuses: [ended] }
    })
    expect(messages()).toEqual(["order.created (2)", "0011_x.sql is the newest of 11"])
  })
})
