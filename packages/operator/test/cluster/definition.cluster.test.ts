import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { beforeAll } from "vitest"
import { Kubernetes, type Manifest } from "../../src/kubernetes/index.ts"
import { describeCluster, onCluster, namespace, pipelineIn, prepareCluster } from "./harness.ts"

type Wrong = readonly [title: string, path: string, words: RegExp, spec: object]

const WRONG: ReadonlyArray<Wrong> = [
  ["no image", "spec.image", /Required|at least 1/u, { image: "" }],
  [
    "a service that nobody knows",
    "spec.services",
    /order, payment, inventory, notification, api/u,
    { services: { orders: {} } }
  ],
  ["a topic that nobody knows", "spec.topics", /order\.created/u, { topics: { orders: {} } }],
  [
    "replicas beside an autoscaler",
    "spec.services[api]",
    /replicas or autoscaling/u,
    { services: { api: { replicas: 1, autoscaling: { type: "CPU", maxReplicas: 2 } } } }
  ],
  [
    "a consumer that scales by CPU",
    "spec.services",
    /api scales by CPU/u,
    { services: { order: { autoscaling: { type: "CPU", maxReplicas: 2 } } } }
  ],
  [
    "less room to scale than its least",
    "spec.services[api].autoscaling",
    /minReplicas must not be more/u,
    { services: { api: { autoscaling: { type: "CPU", minReplicas: 3, maxReplicas: 2 } } } }
  ],
  [
    "a value beside a reference",
    "spec.kafka.brokers",
    /exactly one of/u,
    { kafka: { brokers: { value: "kafka:9092", secretKeyRef: { name: "a", key: "b" } } } }
  ],
  [
    "a secret that stands there",
    "spec.postgresql.url.secretKeyRef",
    /Required/u,
    { postgresql: { url: { value: "x" } } }
  ],
  ["a variable in small letters", "spec.env", /capitals/u, { env: { path: { value: "x" } } }],
  ["another word for a policy", "spec.topicPolicy", /Unsupported value/u, { topicPolicy: "Ignore" }],
  [
    "more replicas than anybody has",
    "spec.services.api.replicas",
    /less than or equal/u,
    { services: { api: { replicas: 501 } } }
  ]
]

describeCluster("the definition, on a real API server", () => {
  beforeAll(prepareCluster, 120_000)

  const create = (spec: object, name = "shop") =>
    Effect.gen(function* () {
      const kubernetes = yield* Kubernetes
      const made: Manifest = pipelineIn(yield* namespace, spec)
      return yield* kubernetes.create({ ...made, metadata: { ...made.metadata, name } })
    }).pipe(onCluster)

  it.live("is accepted, and fills in what is left out", () =>
    Effect.gen(function* () {
      const { spec } = yield* create({})
      assert.deepInclude(spec, {
        suspend: false,
        topicPolicy: "Manage",
        deletionPolicy: "Retain",
        services: {},
        topics: {}
      })
      assert.deepInclude(spec.kafka, { replicationFactor: 1 })
    })
  )

  it.live.each(WRONG)("refuses %s, and names the field", ([, path, words, spec]) =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(create(spec))
      assert.strictEqual(refused._tag === "Refused" && refused.reason, "Invalid")
      assert.include(refused.message, path)
      assert.match(refused.message, words)
    })
  )

  it.live("refuses a name that leaves no room for those of the pods", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(create({}, "a".repeat(41)))
      assert.include(refused.message, "40 characters")
    })
  )
})
