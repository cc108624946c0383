import type { OrderPipeline, OrderPipelineSpec, SecretSource, Source } from "../resource/index.ts"
import { type ComponentName, isJob } from "./labels.ts"

/** A variable of a container. */
export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: Reference
    readonly configMapKeyRef?: Reference
  }
}

export interface Reference {
  readonly name: string
  readonly key: string
}

type Given = Source | SecretSource | string | number | boolean | undefined

const variable = (name: string, given: Given): ReadonlyArray<EnvVar> => {
  if (given === undefined) return []
  if (typeof given !== "object") return [{ name, value: String(given) }]
  return "value" in given && given.value !== undefined
    ? [{ name, value: given.value }]
    : [{ name, valueFrom: given as NonNullable<EnvVar["valueFrom"]> }]
}

const variables = (given: Readonly<Record<string, Given>>): ReadonlyArray<EnvVar> =>
  Object.entries(given).flatMap(([name, one]) => variable(name, one))

const database = ({ postgresql }: OrderPipelineSpec) =>
  variables({ DATABASE_URL: postgresql.url, DATABASE_TLS_CA: postgresql.ca })

const pool = ({ postgresql }: OrderPipelineSpec) => variables({ DATABASE_CONNECTIONS: postgresql.connections })

const cache = ({ redis }: OrderPipelineSpec) => variables({ REDIS_URL: redis?.url, REDIS_PASSWORD: redis?.password })

/** After a wipe of Kafka the workers make the topics again, as `prepare` made them. */
const broker = ({ kafka, topicPolicy, topics }: OrderPipelineSpec) =>
  variables({
    FLOWFORGE_BROKER: "kafka",
    KAFKA_BROKERS: kafka.brokers,
    KAFKA_TLS: kafka.tls === undefined ? undefined : "on",
    KAFKA_TLS_CA: kafka.tls?.ca,
    KAFKA_SASL: kafka.sasl?.mechanism,
    KAFKA_USERNAME: kafka.sasl?.username,
    KAFKA_PASSWORD: kafka.sasl?.password,
    KAFKA_TOPICS: topicPolicy === "Manage" ? "create" : "verify",
    KAFKA_REPLICATION_FACTOR: kafka.replicationFactor,
    KAFKA_TOPIC_OVERRIDES: Object.keys(topics).length === 0 ? undefined : JSON.stringify(topics)
  })

const catalogue = (spec: OrderPipelineSpec) => variables({ FLOWFORGE_CATALOGUE: spec.catalogue.toLowerCase() })

const aws = (prefix: string, { aws }: OrderPipelineSpec, endpoint: Source | undefined) =>
  variables({
    [`${prefix}_REGION`]: aws.region,
    [`${prefix}_ENDPOINT`]: endpoint,
    [`${prefix}_ACCESS_KEY_ID`]: aws.credentials?.accessKeyId,
    [`${prefix}_SECRET_ACCESS_KEY`]: aws.credentials?.secretAccessKey
  })

const receipts = (spec: OrderPipelineSpec) => [
  ...variables({
    FLOWFORGE_OBJECTS: "s3",
    S3_BUCKET: spec.aws.s3.bucket,
    S3_PUBLIC_ENDPOINT: spec.aws.s3.publicEndpoint,
    S3_PATH_STYLE: spec.aws.s3.pathStyle
  }),
  ...aws("S3", spec, spec.aws.s3.endpoint)
]

const mailbox = () => variables({ FLOWFORGE_MAIL: "ses" })

const mail = (spec: OrderPipelineSpec) => [
  ...variables({
    SES_FROM: spec.aws.ses.from,
    SES_CONFIGURATION_SET: spec.aws.ses.configurationSet,
    SNS_SENDER_ID: spec.aws.sns?.senderId
  }),
  ...aws("SES", spec, spec.aws.ses.endpoint),
  ...aws("SNS", spec, spec.aws.sns?.endpoint)
]

const gateway = ({ paymentGateway }: OrderPipelineSpec) => variables({ PAYMENT_GATEWAY_URL: paymentGateway.url })

/** Where the kubelet finds a container's last words. */
const report = () => variables({ PREPARE_REPORT_FILE: "/dev/termination-log" })

type Part = (spec: OrderPipelineSpec) => ReadonlyArray<EnvVar>

/** What each process reads, and nothing else: a changed connection restarts those that use it. */
const PARTS: Readonly<Record<ComponentName, ReadonlyArray<Part>>> = {
  prepare: [database, broker, catalogue, report],
  remove: [database, broker],
  order: [database, pool, cache, broker],
  payment: [database, pool, cache, broker, gateway],
  inventory: [database, pool, cache, broker],
  notification: [database, pool, cache, broker, receipts, mailbox, mail],
  api: [database, pool, cache, receipts, mailbox]
}

/** JSON lines everywhere; a terminal is never behind a pod. */
const LOGS: ReadonlyArray<EnvVar> = [{ name: "LOG_FORMAT", value: "json" }]

/** Which installation a database belongs to. */
const installation = ({ metadata: { name, namespace, uid } }: OrderPipeline) =>
  variables({ FLOWFORGE_INSTALLATION: `${namespace}/${name} ${uid}` })

/** The variables of one process: ours, then those given for all, then those given for it; the last of a name counts. */
export const environmentOf = (pipeline: OrderPipeline, component: ComponentName): ReadonlyArray<EnvVar> => {
  const { spec } = pipeline
  const own = isJob(component) ? undefined : spec.services[component]?.env
  const all = [
    ...LOGS,
    ...PARTS[component].flatMap((part) => part(spec)),
    ...(isJob(component) ? installation(pipeline) : []),
    ...variables(spec.env ?? {}),
    ...variables(own ?? {})
  ]
  return [...new Map(all.map((one) => [one.name, one])).values()]
}
