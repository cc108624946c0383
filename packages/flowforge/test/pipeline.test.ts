import { desiredOf } from "@flowforge/operator/desired"
import { OrderPipeline } from "@flowforge/operator/resource"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { processes } from "../src/processes/index.ts"

const secret = { secretKeyRef: { name: "shop", key: "key" } }
const value = { value: "something" }

/** A pipeline in which everything is given that may be given. */
const pipeline = Schema.decodeUnknownSync(OrderPipeline)({
  metadata: { name: "shop", namespace: "shops", uid: "uid", generation: 1 },
  spec: {
    image: "flowforge:1",
    kafka: {
      brokers: value,
      tls: { ca: value },
      sasl: { mechanism: "plain", username: value, password: secret }
    },
    postgresql: { url: secret, ca: value, connections: 12 },
    redis: { url: value, password: secret },
    aws: {
      region: "eu-west-1",
      credentials: { accessKeyId: value, secretAccessKey: secret },
      s3: { bucket: value, endpoint: value, publicEndpoint: value },
      ses: { from: value, endpoint: value, configurationSet: "set" },
      sns: { endpoint: value, senderId: "shop" }
    },
    paymentGateway: { url: value },
    topics: { "order.created": { partitions: 6 } }
  }
})

const { deployments, prepare, remove } = desiredOf(pipeline, new Map())
const templates = { ...deployments, prepare, remove }

describe.each(Object.entries(templates))("the pod of %s", (name, { spec }) => {
  const [container] = spec.template.spec.containers
  const { variables } = processes[name]!
  const given = new Map<string, string | undefined>(
    container.env.map((one: { readonly name: string; readonly value?: string }) => [one.name, one.value])
  )

  it("runs that process", () => {
    expect(container.args).toEqual([name])
  })
  it("is given no variable that the process does not read", () => {
    const known = variables.map((variable) => variable.name)
    expect([...given.keys()].filter((one) => !known.includes(one))).toEqual([])
  })
  it("is given every variable that the process cannot do without", () => {
    const needed = variables.filter(({ fallback, when }) => {
      const [choice = "", chosen] = when?.split("=") ?? []
      return fallback === undefined && (when === undefined || given.get(choice) === chosen)
    })
    expect(needed.map((one) => one.name).filter((one) => !given.has(one))).toEqual([])
  })
})
