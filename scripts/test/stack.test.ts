import { assert, describe, it } from "@effect/vitest"
import { type ComposeConfig, environmentIn, portsIn, processesIn, serversIn, systemIn } from "../up/stack.ts"

const published = (target: number, port: number) => ({ target, published: String(port) })

const bucket = {
  S3_REGION: "eu-west-1",
  S3_BUCKET: "receipts",
  S3_ACCESS_KEY_ID: "id",
  S3_SECRET_ACCESS_KEY: "key"
}

/** As docker-compose.yaml comes out, cut down. */
const config: ComposeConfig = {
  services: {
    postgres: { ports: [published(5432, 8040)] },
    kafka: { ports: [published(9094, 8030)] },
    redis: { ports: [published(6379, 8020)] },
    s3: { ports: [published(7070, 8050)] },
    mail: { ports: [published(5000, 8060)] },
    gateway: { ports: [published(8070, 8071)] },
    api: {
      profiles: ["processes"],
      ports: [published(8080, 8000), published(9090, 9000)],
      environment: {
        DATABASE_URL: "postgres://flowforge:secret@postgres:5432/flowforge",
        LOG_FORMAT: "json",
        S3_ENDPOINT: "http://s3:7070",
        S3_PUBLIC_ENDPOINT: "http://localhost:8050",
        ...bucket
      }
    },
    payment: {
      profiles: ["processes"],
      environment: { KAFKA_BROKERS: "kafka:9092", PAYMENT_GATEWAY_URL: "http://gateway:8070" }
    },
    notification: {
      profiles: ["processes"],
      environment: { REDIS_URL: "redis://redis:6379", SES_ENDPOINT: "http://mail:5000" }
    }
  }
}

describe("the stack of docker-compose.yaml", () => {
  it("is processes, and servers that they stand on", () => {
    assert.deepStrictEqual(processesIn(config), ["api", "payment", "notification"])
    assert.deepStrictEqual(serversIn(config), ["postgres", "kafka", "redis", "s3", "mail", "gateway"])
  })

  it("holds no port of what is not started", () => {
    const variables = (services: ReadonlyArray<string>) => portsIn(config, services).map(({ variable }) => variable)
    const ofServers = ["GATEWAY_PORT", "MAIL_PORT", "S3_PORT", "POSTGRES_PORT", "KAFKA_PORT", "REDIS_PORT"]
    assert.deepStrictEqual(variables(serversIn(config)), ofServers)
    assert.deepStrictEqual(variables(Object.keys(config.services)), ["PORT", "MANAGEMENT_PORT", ...ofServers])
  })

  it("is found from this machine behind the ports that it holds there", () => {
    const { gatewayUrl, messages, postgresUrl, publicUrl } = systemIn(config)
    assert.deepStrictEqual(
      [publicUrl, postgresUrl, gatewayUrl, messages],
      [
        "http://localhost:8000",
        "postgres://flowforge:secret@localhost:8040/flowforge",
        "http://localhost:8071",
        { kind: "moto", url: "http://localhost:8060" }
      ]
    )
  })

  it("tells processes on this machine the same as those in containers, with its addresses as they are here", () => {
    assert.deepStrictEqual(environmentIn(config), {
      DATABASE_URL: "postgres://flowforge:secret@localhost:8040/flowforge",
      KAFKA_BROKERS: "localhost:8030",
      REDIS_URL: "redis://localhost:8020",
      S3_ENDPOINT: "http://localhost:8050",
      S3_PUBLIC_ENDPOINT: "http://localhost:8050",
      PAYMENT_GATEWAY_URL: "http://localhost:8071",
      SES_ENDPOINT: "http://localhost:8060",
      ...bucket,
      FLOWFORGE_HOST: "127.0.0.1",
      PORT: "8000",
      MANAGEMENT_PORT: "9000",
      LOG_FORMAT: "auto"
    })
  })
})
