import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { serverFolder } from "../server/folder.ts"
import { lastingPort } from "../server/lasting-port.ts"
import { says, type ServerProcess, startServerProcess } from "../server/process.ts"
import type { KafkaProgram } from "./program.ts"
import { type KafkaSecurity, securityOf, usersOf } from "./security.ts"

/** A Kafka of its own for a test: one broker, on one port for as long as it lives. */
export interface KafkaServer extends ServerProcess {
  /** host:port */
  readonly address: string
  /** Where it wants TLS and a user. */
  readonly secure: string
  /** Kills it and loses everything it holds; started again it is another cluster, without topics. */
  readonly wipe: Effect.Effect<void>
}

// As little memory and compiling as will do: a test sends little.
const JVM = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.logFile=System.out"]

const ports = () => Promise.all([lastingPort(), lastingPort(), lastingPort()] as const)

const propertiesOf = (
  folder: string,
  [port, securePort, controllerPort]: readonly [number, number, number],
  secured: KafkaSecurity | undefined
): string =>
  [
    ...(secured === undefined ? [] : securityOf(folder, secured)),
    `process.roles=broker,controller`,
    `node.id=1`,
    `listeners=${listeners(port, secured && securePort)},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=${listeners(port, secured && securePort)}`,
    `controller.listener.names=CONTROLLER`,
    `listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL`,
    `controller.quorum.bootstrap.servers=127.0.0.1:${controllerPort}`,
    `log.dirs=${join(folder, "data")}`,
    `auto.create.topics.enable=false`,
    `offsets.topic.replication.factor=1`,
    `offsets.topic.num.partitions=4`,
    `transaction.state.log.replication.factor=1`,
    `transaction.state.log.min.isr=1`,
    `group.initial.rebalance.delay.ms=0`,
    `group.min.session.timeout.ms=1000`,
    // A broker killed with -9 is refused until its old session ends.
    `broker.session.timeout.ms=2000`,
    `broker.heartbeat.interval.ms=500`
  ].join("\n")

const listeners = (port: number, securePort: number | undefined): string =>
  `PLAINTEXT://127.0.0.1:${port}${securePort === undefined ? "" : `,SECURE://127.0.0.1:${securePort}`}`

/** Starts a Kafka that takes requests; it is gone, with its folder, when the scope closes. */
export const startKafka = (
  program: KafkaProgram,
  secured?: KafkaSecurity
): Effect.Effect<KafkaServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* serverFolder("kafka")
    const at = yield* Effect.promise(ports)
    const properties = join(folder, "server.properties")
    yield* Effect.promise(() => writeFile(properties, propertiesOf(folder, at, secured)))
    const format = Effect.promise(async () => {
      const clusterId = randomBytes(16).toString("base64url").replace(/^-/u, "a")
      const tool = [
        "kafka.tools.StorageTool",
        "format",
        "--standalone",
        "-t",
        clusterId,
        "-c",
        properties,
        ...usersOf(secured)
      ]
      await ended(spawn("java", [...JVM, "-cp", program.classPath, ...tool], { stdio: ["ignore", "pipe", "inherit"] }))
    })
    yield* format
    const spawnServer = () =>
      spawn("java", [...JVM, "-cp", program.classPath, "kafka.Kafka", properties], {
        stdio: ["ignore", "pipe", "pipe"]
      })
    const server = yield* startServerProcess(folder, spawnServer, says("Kafka", /Kafka Server started/u))
    const wipe = Effect.gen(function* () {
      yield* server.kill
      yield* Effect.promise(() => rm(join(folder, "data"), { recursive: true, force: true }))
      yield* format
    })
    return { ...server, address: `127.0.0.1:${at[0]}`, secure: `127.0.0.1:${at[1]}`, wipe }
  })

const ended = async (child: ChildProcess): Promise<void> => {
  let said = ""
  child.stdout?.on("data", (chunk) => (said += String(chunk)))
  const [code] = await once(child, "exit")
  if (code !== 0) throw new Error(`Kafka's storage could not be formatted: ${said}`)
}
