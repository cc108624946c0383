import { describe, expect, it } from "vitest"
import { pipelineOf } from "../pipeline.ts"
import { Cluster, type Fate, told } from "./cluster.ts"

const image = (object: { spec?: any }): string => object.spec.template.spec.containers[0].image

const consumers = (version: number) =>
  ["order", "payment", "inventory", "notification"].map((name) => `shop-${name} flowforge:${version}`)

/** A cluster in which version 1 runs, and nothing of its making is remembered. */
const running = (spec: object = {}) => {
  const cluster = new Cluster()
  expect(cluster.run(pipelineOf(spec)).stage).toBe("Running")
  cluster.done.length = 0
  return cluster
}

const withImage = (version: number, rest: object = {}) => pipelineOf({ image: `flowforge:${version}`, ...rest })

describe("a first rollout", () => {
  const cluster = new Cluster()
  const pipeline = pipelineOf()

  it("begins with the topics and migrations, and nothing else", () => {
    expect(told(cluster.step(pipeline).actions)).toEqual(["prepare flowforge:1"])
    expect(told(cluster.plan(pipeline).actions)).toEqual([])
  })
  it("goes on with the consumers when the Job has succeeded", () => {
    cluster.settle()
    expect(told(cluster.step(pipeline).actions)).toEqual(
      consumers(1).flatMap((one) => [one, `${one.split(" ")[0]} × 1`])
    )
  })
  it("goes on with the API when all consumers are available", () => {
    expect(cluster.plan(pipeline)).toMatchObject({ stage: "Consumers", actions: [] })
    cluster.settle()
    expect(told(cluster.step(pipeline).actions)).toEqual(["shop-api flowforge:1", "shop-api × 1"])
  })
  it("ends when the API is available, and leaves nothing to be done", () => {
    cluster.settle()
    expect(cluster.plan(pipeline)).toEqual({ stage: "Running", actions: [], waits: "", hold: undefined, isOver: false })
  })
})

describe("what a changed pipeline comes to", () => {
  const rows: ReadonlyArray<readonly [title: string, spec: object, writes: ReadonlyArray<string>]> = [
    ["nothing, where nothing changed", {}, []],
    [
      "a new image: topics and migrations, then consumers, then the API",
      { image: "flowforge:2" },
      ["- Job", "prepare flowforge:2", ...consumers(2), "shop-api flowforge:2"]
    ],
    ["other replicas: no rollout", { services: { order: { replicas: 3 } } }, ["shop-order × 3"]],
    [
      "another payment company: its consumer alone",
      { paymentGateway: { url: { value: "http://other:8070" } } },
      ["shop-payment flowforge:1"]
    ],
    [
      "a variable for one process: that process alone",
      { services: { api: { env: { LOG_LEVEL: { value: "Debug" } } } } },
      ["shop-api flowforge:1"]
    ],
    ["another catalogue: the Job alone", { catalogue: "Demo" }, ["- Job", "prepare flowforge:1"]],
    ["suspend: nothing, whatever else changed", { suspend: true, image: "flowforge:2" }, []]
  ]
  it.each(rows)("%s", (_, spec, writes) => {
    const cluster = running()
    cluster.run(pipelineOf(spec))
    expect(told(cluster.done)).toEqual(writes)
  })
})

describe("a changed Secret", () => {
  it("restarts what reads the changed key, and nothing else", () => {
    const cluster = running()
    const connections = { ...cluster.secrets.get("Secret shop-connections"), "secret-key": "bmV3" }
    cluster.secrets = new Map([...cluster.secrets, ["Secret shop-connections", connections]])
    cluster.run(pipelineOf())
    expect(told(cluster.done)).toEqual(["shop-notification flowforge:1", "shop-api flowforge:1"])
  })
  it("restarts nothing where only a key changed that nobody reads", () => {
    const cluster = running()
    const connections = { ...cluster.secrets.get("Secret shop-connections"), another: "eA==" }
    cluster.secrets = new Map([...cluster.secrets, ["Secret shop-connections", connections]])
    cluster.run(pipelineOf())
    expect(told(cluster.done)).toEqual([])
  })
})

describe("a rollout that cannot go on", () => {
  const rows: ReadonlyArray<
    readonly [title: string, reason: string, message: RegExp, fate: (object: { kind: string; spec?: any }) => Fate]
  > = [
    [
      "is held where the topics are not as declared",
      "TopicsNotReady",
      /order\.created has 3 partitions/u,
      ({ kind }) =>
        kind === "Job" ? { fails: "flowforge: order.created has 3 partitions, not 2", exitCode: 20 } : "works"
    ],
    [
      "is held where a migration does not allow the image, and names it",
      "MigrationRefused",
      /0011_drop\.sql does not allow/u,
      ({ kind }) =>
        kind === "Job"
          ? { fails: "flowforge: Migration 0011_drop.sql does not allow code of version 1", exitCode: 21 }
          : "works"
    ],
    [
      "is held where another pipeline has this database",
      "AlreadyManaged",
      /another pipeline/u,
      ({ kind }) => (kind === "Job" ? { fails: "flowforge: another pipeline has it", exitCode: 22 } : "works")
    ],
    [
      "is held where the Job fails otherwise",
      "PrepareFailed",
      /DATABASE_URL is wrong/u,
      ({ kind }) => (kind === "Job" ? { fails: "flowforge: DATABASE_URL is wrong" } : "works")
    ],
    [
      "is held where pods do not become ready in time, in their own words",
      "RolloutStuck",
      /payment \(PAYMENT_GATEWAY_URL is wrong\)/u,
      ({ kind, spec }) =>
        kind === "Deployment" && spec.template.spec.containers[0].args[0] === "payment"
          ? { fails: "flowforge: PAYMENT_GATEWAY_URL is wrong" }
          : "works"
    ]
  ]
  it.each(rows)("%s", (_, reason, message, fate) => {
    const cluster = running()
    cluster.fateOf = (object) => (image(object) === "flowforge:2" ? fate(object) : "works")
    const { hold } = cluster.run(withImage(2))
    expect(hold?.reason).toBe(reason)
    expect(hold?.message).toMatch(message)
    expect(told(cluster.done)).not.toContain("shop-api flowforge:2")
  })

  it("is held where pods get ready and fall over again, when that has lasted as long as a step may", () => {
    const spec = { progressDeadlineSeconds: 10 }
    const cluster = running(spec)
    cluster.fateOf = (object) =>
      object.kind === "Deployment" && image(object) === "flowforge:2" ? "falls over" : "works"
    const { hold, waits } = cluster.run(withImage(2, spec), 10)
    expect({ hold, waits }).toEqual({ hold: undefined, waits: expect.stringContaining("payment") })
    expect(cluster.run(withImage(2, spec), 10).hold?.reason).toBe("RolloutStuck")
    expect(cluster.run(withImage(3, spec)).stage).toBe("Running")
  })

  it("is tried again when the annotation has a new text", () => {
    const cluster = running()
    cluster.fateOf = ({ kind }) => (kind === "Job" ? { fails: "no" } : "works")
    expect(cluster.run(withImage(2)).hold?.reason).toBe("PrepareFailed")
    cluster.fateOf = () => "works"
    const retried = pipelineOf({ image: "flowforge:2" }, { annotations: { "flowforge.dev/retry": "again" } })
    expect(cluster.run(retried).stage).toBe("Running")
  })

  it("still brings back what somebody deletes or changes, and follows the replicas", () => {
    const cluster = running()
    cluster.fateOf = ({ kind }) => (kind === "Job" ? { fails: "no" } : "works")
    const held = withImage(2, { services: { api: { replicas: 2 } } })
    cluster.run(held)
    cluster.change("Service", "shop-api", { spec: { ports: [{ name: "public", port: 1 }] } })
    cluster.done.length = 0
    cluster.run(held)
    expect(cluster.done).toMatchObject([{ _tag: "Apply", object: { kind: "Service" } }])
    expect(cluster.find("Deployment", "shop-api").spec.replicas).toBe(2)
  })

  it("is not begun where a Secret or a key of it is missing, and says which", () => {
    const cluster = running()
    cluster.secrets = new Map([["Secret shop-connections", { "database-url": "eA==", "access-key": "eA==" }]])
    const { hold } = cluster.run(withImage(2))
    expect(hold).toEqual({
      reason: "ReferenceMissing",
      message: "ConfigMap shop-gateway does not exist; Secret shop-connections has no key secret-key."
    })
    expect(told(cluster.done)).toEqual([])
  })
})

describe("going back", () => {
  it("asks whether the schema allows it, then rolls the API first and the consumers last", () => {
    const cluster = running()
    cluster.run(withImage(2))
    cluster.done.length = 0
    cluster.run(withImage(1))
    expect(told(cluster.done)).toEqual(["- Job", "prepare flowforge:1", "shop-api flowforge:1", ...consumers(1)])
  })
  it("is told from going forward a second time", () => {
    const cluster = running()
    cluster.run(withImage(2))
    cluster.run(withImage(1))
    cluster.done.length = 0
    cluster.run(withImage(2))
    expect(told(cluster.done)).toEqual(["- Job", "prepare flowforge:2", ...consumers(2), "shop-api flowforge:2"])
  })
  it("undoes a rollout that stands still after the consumers", () => {
    const cluster = running()
    cluster.fateOf = (object) =>
      object.kind === "Deployment" && image(object) === "flowforge:2" ? { fails: "broken" } : "works"
    expect(cluster.run(withImage(2)).hold?.reason).toBe("RolloutStuck")
    cluster.done.length = 0
    expect(cluster.run(withImage(1)).stage).toBe("Running")
    expect(told(cluster.done)).toEqual(["- Job", "prepare flowforge:1", ...consumers(1)])
  })
})

describe("a second change during a rollout", () => {
  it("waits for the first one's Job to go, and rolls to the newest", () => {
    const cluster = running()
    cluster.fateOf = (object) => (object.kind === "Job" && image(object) === "flowforge:2" ? "hangs" : "works")
    cluster.run(withImage(2))
    cluster.done.length = 0
    expect(cluster.run(withImage(3)).stage).toBe("Running")
    expect(told(cluster.done)).toEqual(["- Job", "prepare flowforge:3", ...consumers(3), "shop-api flowforge:3"])
  })
  it("replaces consumers that are not ready yet", () => {
    const cluster = running()
    cluster.fateOf = (object) => (object.kind === "Deployment" && image(object) === "flowforge:2" ? "hangs" : "works")
    cluster.run(withImage(2))
    expect(cluster.run(withImage(3)).stage).toBe("Running")
    expect(told(cluster.done)).not.toContain("shop-api flowforge:2")
  })
})

describe("the operator killed", () => {
  it("after any single write of a rollout goes on from there, with the same end and in the same order", () => {
    const whole = running()
    whole.run(withImage(2))
    for (let killed = 0; killed <= whole.done.length; killed++) {
      const cluster = running()
      for (let left = killed; left > 0;) {
        const before = cluster.done.length
        cluster.step(withImage(2), left)
        left -= Math.max(cluster.done.length - before, 0)
        if (cluster.done.length === before) cluster.settle()
      }
      expect(cluster.run(withImage(2)).stage).toBe("Running")
      expect([...new Set(told(cluster.done))]).toEqual(told(whole.done))
    }
  })
})

describe("an autoscaler", () => {
  const scaled = { services: { api: { autoscaling: { type: "CPU", maxReplicas: 5 } } } }

  it("takes the replicas over as they are, and they are left alone from then on", () => {
    const cluster = running({ services: { api: { replicas: 3 } } })
    cluster.run(pipelineOf(scaled))
    expect(told(cluster.done)).toEqual([])
    cluster.change("Deployment", "shop-api", { spec: { replicas: 4 } })
    cluster.settle()
    cluster.done.length = 0
    cluster.run(pipelineOf(scaled))
    expect(cluster.done).toEqual([])
  })
  it("holds the rollout where the cluster does not know it", () => {
    const keda = { services: { order: { autoscaling: { type: "KEDA", maxReplicas: 5 } } } }
    const { hold } = running().plan(pipelineOf(keda), { unknownKinds: ["ScaledObject"] })
    expect(hold).toMatchObject({ reason: "AutoscalerUnavailable", message: expect.stringMatching(/keda\.sh/u) })
  })
  it("is removed when the replicas are given again", () => {
    const cluster = running(scaled)
    cluster.run(pipelineOf({ services: { api: { replicas: 2 } } }))
    expect(told(cluster.done)).toEqual(["shop-api × 2", "- HorizontalPodAutoscaler"])
  })
})

describe("a smoke order", () => {
  const order = { userId: "00000000-0000-7000-8000-000000000100", itemId: 60, paymentToken: "tok_ok" }
  const spec = { smokeOrder: order }

  it("is placed once for a version, when all processes run, and is waited for", () => {
    const cluster = new Cluster()
    const { stage, waits } = cluster.run(pipelineOf(spec))
    expect({ stage, waits }).toEqual({ stage: "SmokeOrder", waits: "order order-1 to be confirmed" })
    expect(told(cluster.done).filter((one) => one === "an order")).toHaveLength(1)
  })
  it("that is confirmed makes the pipeline ready, and is asked for no more", () => {
    const cluster = new Cluster()
    cluster.run(pipelineOf(spec))
    for (const action of cluster.plan(pipelineOf(spec), { smokeOrder: "CONFIRMED" }).actions) cluster.act(action)
    expect(told(cluster.done).at(-1)).toBe("order-1 CONFIRMED")
    expect(cluster.plan(pipelineOf(spec))).toMatchObject({ stage: "Running", actions: [] })
  })
  it("that is cancelled holds the rollout, until it is tried again with another order", () => {
    const cluster = new Cluster()
    cluster.run(pipelineOf(spec))
    const { actions, hold } = cluster.plan(pipelineOf(spec), { smokeOrder: "CANCELLED" })
    expect(hold).toMatchObject({ reason: "SmokeOrderLost", message: expect.stringMatching(/order-1 is CANCELLED/u) })
    for (const action of actions) cluster.act(action)
    expect(cluster.run(pipelineOf(spec)).hold?.reason).toBe("SmokeOrderLost")
    const retried = cluster.run(pipelineOf(spec, { annotations: { "flowforge.dev/retry": "again" } }))
    expect(retried).toMatchObject({ stage: "SmokeOrder", hold: undefined })
  })
})

describe("names", () => {
  it("that are somebody else's are left alone, and said", () => {
    const { actions, hold } = new Cluster().plan(pipelineOf(), { taken: ["Service shop-api"] })
    expect({ actions, reason: hold?.reason }).toEqual({ actions: [], reason: "NameTaken" })
    expect(hold?.message).toContain("Service shop-api")
  })
  it("of a pipeline that was deleted are waited for until they are free", () => {
    const cluster = running()
    const reborn = pipelineOf({}, { uid: "another-uid" })
    expect(cluster.plan(reborn)).toMatchObject({ actions: [], waits: expect.stringMatching(/Deployment shop-order/u) })
  })
})

describe("a pipeline that is deleted", () => {
  it("is left to the garbage collector", () => {
    const deleted = pipelineOf({ image: "flowforge:2" }, { deletionTimestamp: "2026-01-01T00:00:00Z" })
    expect(running().plan(deleted)).toMatchObject({ stage: "Removing", actions: [], isOver: false })
  })
})

describe("deletionPolicy: Delete", () => {
  const spec = { deletionPolicy: "Delete" }
  const kept = { finalizers: ["flowforge.dev/remove"] }
  const deleted = pipelineOf(spec, { ...kept, deletionTimestamp: "2026-01-01T00:00:00Z" })

  it("keeps the pipeline before anything is made that is to be deleted, also while it is suspended", () => {
    expect(told(new Cluster().plan(pipelineOf(spec)).actions)).toEqual(["+ finalizer", "prepare flowforge:1"])
    expect(told(new Cluster().plan(pipelineOf({ ...spec, suspend: true })).actions)).toEqual(["+ finalizer"])
    expect(told(running(spec).plan(pipelineOf(spec, kept)).actions)).toEqual([])
  })
  it("taken back lets it go as any other", () => {
    expect(told(running().plan(pipelineOf({}, kept)).actions)).toEqual(["- finalizer"])
    const late = pipelineOf({}, { ...kept, deletionTimestamp: "2026-01-01T00:00:00Z" })
    expect(running().plan(late)).toMatchObject({ actions: [], isOver: true, hold: undefined })
  })
  it("ends the processes, then deletes topics and tables by a Job, then lets the pipeline go", () => {
    const cluster = running(spec)
    cluster.step(deleted)
    expect(told(cluster.done)).toEqual([...Array(5).fill("- Deployment"), "- Job"])
    cluster.objects.push({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "shop-order-1", deletionTimestamp: "now" }
    })
    expect(cluster.plan(deleted)).toMatchObject({ actions: [], waits: "the processes to end", isOver: false })
    cluster.objects.pop()
    expect(told(cluster.step(deleted).actions)).toEqual(["remove flowforge:1"])
    expect(cluster.plan(deleted)).toMatchObject({ actions: [], isOver: false })
    cluster.settle()
    expect(cluster.plan(deleted)).toMatchObject({ actions: [], isOver: true, hold: undefined })
  })

  const fates: ReadonlyArray<readonly [title: string, fate: Fate, words: RegExp]> = [
    ["fails, in its words", { fails: "flowforge: Topic deletion is disabled" }, /: Topic deletion is disabled$/u],
    ["does not end in time", "hangs", /: not done within 10 s$/u]
  ]
  it.each(fates)("gives up where the Job %s: people are told, and the pipeline goes", (_, fate, words) => {
    const hurried = pipelineOf({ ...spec, progressDeadlineSeconds: 10 }, deleted.metadata)
    const cluster = running(spec)
    cluster.now = Date.parse("2026-01-01T00:00:00Z")
    cluster.fateOf = () => fate
    expect(cluster.run(hurried)).toMatchObject({
      isOver: true,
      hold: { reason: "RemovalGivenUp", message: expect.stringMatching(words) }
    })
  })
})
