import { Topics } from "@flowforge/contracts"
import { Schema } from "effect"
import { connections } from "./connections.ts"
import { ANYTHING, defaultsTo, rules } from "./rules.ts"
import { Variables } from "./sources.ts"

/** The processes that go on running, in the order in which they are brought forward: the API last. */
export const PROCESSES = ["order", "payment", "inventory", "notification", "api"] as const
export type ProcessName = (typeof PROCESSES)[number]

/** Each is a consumer group of its name. */
export const CONSUMERS = PROCESSES.filter((process) => process !== "api")

const TOPICS = Object.values(Topics).map(({ name }) => name)

const listed = (names: ReadonlyArray<string>): string => names.map((name) => `'${name}'`).join(", ")

const known = (what: string, names: ReadonlyArray<string>) => ({
  rule: `self.all(name, name in [${listed(names)}])`,
  message: `the ${what} are ${names.join(", ")}`
})

const PodTemplate = Schema.Record(Schema.String, Schema.Unknown).annotate({
  description:
    "Part of a PodTemplateSpec, merged into the pods: lists by name as kubectl does it. The container is named flowforge.",
  [ANYTHING]: true
})

const count = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const MOST_REPLICAS = 500

const Autoscaling = Schema.Struct({
  type: Schema.Literals(["KEDA", "CPU"]).annotate({
    description: "KEDA by the consumer lag, for the consumers; CPU for api."
  }),
  minReplicas: defaultsTo(count(1, MOST_REPLICAS), 1),
  maxReplicas: count(1, MOST_REPLICAS),
  targetCpuPercent: defaultsTo(count(1, 100), 70),
  lagPerReplica: defaultsTo(count(1, 1_000_000), 100)
}).annotate(
  rules({
    rule: "self.minReplicas <= self.maxReplicas",
    message: "minReplicas must not be more than maxReplicas"
  })
)
export type Autoscaling = typeof Autoscaling.Type

const Service = Schema.Struct({
  replicas: Schema.optionalKey(
    count(0, MOST_REPLICAS).annotate({ description: "1 where neither this nor autoscaling is given." })
  ),
  autoscaling: Schema.optionalKey(Autoscaling),
  env: Schema.optionalKey(Variables),
  podTemplate: Schema.optionalKey(PodTemplate)
}).annotate(
  rules({
    rule: "!(has(self.replicas) && has(self.autoscaling))",
    message: "give replicas or autoscaling: an autoscaler sets the replicas by itself"
  })
)
export type ServiceSpec = typeof Service.Type

const Topic = Schema.Struct({
  partitions: Schema.optionalKey(
    count(1, 1000).annotate({ description: "For a topic that is made; those of one that is there never change." })
  ),
  retentionHours: Schema.optionalKey(count(1, 100_000))
})

const SmokeOrder = Schema.Struct({
  userId: Schema.String.check(Schema.isPattern(/^[0-9a-fA-F-]{36}$/u)).annotate({
    description: "A customer kept for this."
  }),
  itemId: count(1, 2_147_483_647).annotate({ description: "An item kept for this, one piece of which is ordered." }),
  paymentMethod: defaultsTo(Schema.NonEmptyString.check(Schema.isMaxLength(64)), "card"),
  paymentToken: Schema.NonEmptyString.check(Schema.isMaxLength(255)).annotate({
    description: "Of a payment that is none: a test card of the payment company."
  })
}).annotate({
  description: "After each rollout one marked order is placed, and the pipeline is ready when it is confirmed."
})
export type SmokeOrder = typeof SmokeOrder.Type

/** What people ask for. */
export const OrderPipelineSpec = Schema.Struct({
  image: Schema.NonEmptyString.check(Schema.isPattern(/^\S+$/u), Schema.isMaxLength(512)).annotate({
    description: "One image for all processes, by tag or digest. An older one rolls everything back, in reverse order."
  }),
  suspend: defaultsTo(
    Schema.Boolean.annotate({ description: "Change nothing while this is true. What runs goes on running." }),
    false
  ),
  ...connections,
  catalogue: defaultsTo(
    Schema.Literals(["None", "Demo"]).annotate({ description: "Items and customers to begin with, for development." }),
    "None"
  ),
  env: Schema.optionalKey(Variables),
  podTemplate: Schema.optionalKey(PodTemplate),
  services: defaultsTo(
    Schema.Record(Schema.String, Service)
      .check(Schema.isMaxProperties(16))
      .annotate({
        description: "What differs for one of the processes, by name. All of them run, named here or not.",
        ...rules(known("services", PROCESSES), {
          rule: "self.all(name, !has(self[name].autoscaling) || (self[name].autoscaling.type == 'CPU') == (name == 'api'))",
          message: "api scales by CPU, the consumers by KEDA"
        })
      }),
    {}
  ),
  topics: defaultsTo(
    Schema.Record(Schema.String, Topic)
      .check(Schema.isMaxProperties(64))
      .annotate({
        description: "What differs for one of the topics, by name.",
        ...rules(known("topics", TOPICS))
      }),
    {}
  ),
  topicPolicy: defaultsTo(
    Schema.Literals(["Manage", "Verify"]).annotate({
      description: "Whether topics that are missing are made, or the rollout is held until somebody makes them."
    }),
    "Manage"
  ),
  deletionPolicy: defaultsTo(
    Schema.Literals(["Retain", "Delete"]).annotate({
      description:
        "What becomes of the data and the topics when this object is deleted: they stay, or the tables go and the topics that were made. Receipts and mails stay always."
    }),
    "Retain"
  ),
  progressDeadlineSeconds: defaultsTo(
    count(10, 3600).annotate({ description: "How long a step of a rollout may take until the rollout is held." }),
    240
  ),
  smokeOrder: Schema.optionalKey(SmokeOrder)
})
export type OrderPipelineSpec = typeof OrderPipelineSpec.Type
