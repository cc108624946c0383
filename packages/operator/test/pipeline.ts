import { Schema } from "effect"
import { OrderPipeline } from "../src/resource/index.ts"

const secret = (key: string) => ({ secretKeyRef: { name: "shop-connections", key } })

/** What a team would write, as the API server has it. */
export const givenSpec = {
  image: "flowforge:1",
  kafka: { brokers: { value: "kafka:9092" } },
  postgresql: { url: secret("database-url") },
  aws: {
    region: "eu-west-1",
    credentials: { accessKeyId: secret("access-key"), secretAccessKey: secret("secret-key") },
    s3: { bucket: { value: "receipts" }, endpoint: { value: "http://s3:7070" } },
    ses: { from: { value: "shop@example.com" } }
  },
  paymentGateway: { url: { configMapKeyRef: { name: "shop-gateway", key: "url" } } }
}

export const referenced: ReadonlyMap<string, Readonly<Record<string, string>> | undefined> = new Map([
  ["Secret shop-connections", { "database-url": "cG9zdGdyZXM=", "access-key": "YQ==", "secret-key": "Yg==" }],
  ["ConfigMap shop-gateway", { url: "http://gateway:8070" }]
])

export const pipelineOf = (
  spec: object = {},
  metadata: Partial<OrderPipeline["metadata"]> = {},
  status: OrderPipeline["status"] = undefined
): OrderPipeline =>
  Schema.decodeUnknownSync(OrderPipeline)({
    metadata: { name: "shop", namespace: "shops", uid: "uid-of-shop", generation: 1, ...metadata },
    spec: { ...givenSpec, ...spec },
    ...(status === undefined ? {} : { status })
  })
