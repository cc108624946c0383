import { readFileSync } from "node:fs"
import { connect } from "node:net"
import { Effect, Layer, type Scope } from "effect"
import { Kafka, logLevel } from "kafkajs"
import { forward } from "../cluster/forward.ts"
import type { Installation } from "../cluster/installation.ts"
import { getJson } from "../cluster/kubectl.ts"
import { layerRealDriver } from "./real-driver.ts"

/** The installation that `npm run e2e` made. */
export const readInstallation = (): Installation => {
  const file = process.env["FLOWFORGE_E2E"]
  if (file === undefined) throw new Error("these tests are told of an installation by npm run e2e")
  return JSON.parse(readFileSync(file, "utf8")) as Installation
}

/** The short form leaves out what takes minutes. */
export const isSmoke = process.env["FLOWFORGE_E2E_FORM"] === "smoke"

const BUCKET = "receipts"
const REGION = "eu-west-1"

/** A broker says by which name it is to be called; from here every name leads through the one port. */
const kafkaThrough = (port: number): Kafka =>
  new Kafka({
    brokers: [`127.0.0.1:${port}`],
    clientId: "stories",
    logLevel: logLevel.NOTHING,
    socketFactory: ({ onConnect }) => connect({ host: "127.0.0.1", port }, onConnect)
  })

const decoded = (text: string): string => Buffer.from(text, "base64").toString()

/** A hand in an installation in a cluster: the API as customers reach it, everything else through ports of kubectl's. */
export const layerCluster = ({ access, apiUrl, namespace, pipeline, s3Url }: Installation) => {
  const through = (service: string, port: number): Effect.Effect<number, never, Scope.Scope> =>
    Effect.acquireRelease(
      Effect.promise(() => forward(access, namespace, service, port)),
      ({ close }) => Effect.sync(close)
    ).pipe(Effect.map(({ port }) => port))
  return Layer.unwrap(
    Effect.gen(function* () {
      const ports = yield* Effect.all(
        {
          management: through(`${pipeline}-api-management`, 9090),
          postgres: through("postgres", 5432),
          kafka: through("kafka", 9092),
          gateway: through("payment-gateway", 8070),
          aws: through("aws", 5000)
        },
        { concurrency: "unbounded" }
      )
      const secret = yield* Effect.promise(() =>
        getJson(access, ["secret", "flowforge-dependencies", "--namespace", namespace])
      )
      const postgresUrl = new URL(decoded(secret.data["database-url"]))
      postgresUrl.host = `127.0.0.1:${ports.postgres}`
      return layerRealDriver({
        publicUrl: apiUrl,
        managementUrl: `http://127.0.0.1:${ports.management}`,
        postgresUrl: postgresUrl.href,
        gatewayUrl: `http://127.0.0.1:${ports.gateway}`,
        receipts: {
          kind: "s3",
          endpoint: s3Url,
          region: REGION,
          bucket: BUCKET,
          accessKeyId: decoded(secret.data["s3-access-key-id"]),
          secretAccessKey: decoded(secret.data["s3-secret-access-key"])
        },
        messages: { kind: "moto", url: `http://127.0.0.1:${ports.aws}` },
        kafka: kafkaThrough(ports.kafka)
      })
    })
  )
}
