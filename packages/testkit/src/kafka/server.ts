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
import { type KafkaNode, propertiesOf } from "./properties.ts"
import { type KafkaSecurity, usersOf } from "./security.ts"

/** One broker, on one port for as long as it lives. */
export interface KafkaBroker extends ServerProcess {
  /** host:port */
  readonly address: string
}

/** A Kafka of its own for a test. */
export interface KafkaServer extends KafkaBroker {
  /** Where it wants TLS and a user. */
  readonly secure: string
  /** Kills it and loses everything it holds; started again it has no topics, and the id that it had, as part of its settings. */
  readonly wipe: Effect.Effect<void>
}

// As little memory and compiling as will do: a test sends little.
const JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.logFile=System.out"]
const HEAP = { alone: "-Xmx256m", amongThree: "-Xmx160m" } as const

const propertiesFile = ({ folder }: KafkaNode): string => join(folder, "server.properties")

const makeNode = (id: number): Effect.Effect<KafkaNode, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* serverFolder("kafka")
    const ports = yield* Effect.promise(() => Promise.all([lastingPort(), lastingPort(), lastingPort()]))
    return { id, folder, port: ports[0], securePort: ports[1], controllerPort: ports[2] }
  })

const newClusterId = (): string => randomBytes(16).toString("base64url").replace(/^-/u, "a")

const format = (program: KafkaProgram, node: KafkaNode, clusterId: string, secured?: KafkaSecurity) =>
  Effect.promise(() => {
    const tool = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", propertiesFile(node), ...usersOf(secured)]
    return ended(
      spawn("java", [HEAP.amongThree, ...JVM, "-cp", program.classPath, ...tool], {
        stdio: ["ignore", "pipe", "inherit"]
      })
    )
  })

const ended = async (child: ChildProcess): Promise<void> => {
  let said = ""
  child.stdout?.on("data", (chunk) => (said += String(chunk)))
  const [code] = await once(child, "exit")
  if (code !== 0) throw new Error(`Kafka's storage could not be formatted: ${said}`)
}

const startNode = (program: KafkaProgram, node: KafkaNode, heap: string) => {
  const spawnServer = () =>
    spawn("java", [heap, ...JVM, "-cp", program.classPath, "kafka.Kafka", propertiesFile(node)], {
      stdio: ["ignore", "pipe", "pipe"]
    })
  return Effect.map(
    startServerProcess(node.folder, spawnServer, says("Kafka", /Kafka Server started/u)),
    (server): KafkaBroker => ({ ...server, address: `127.0.0.1:${node.port}` })
  )
}

/** Starts a Kafka that takes requests; it is gone, with its folder, when the scope closes. */
export const startKafka = (
  program: KafkaProgram,
  secured?: KafkaSecurity
): Effect.Effect<KafkaServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const node = yield* makeNode(1)
    yield* Effect.promise(() => writeFile(propertiesFile(node), propertiesOf(node, [node], secured)))
    const formatAnew = format(program, node, newClusterId(), secured)
    yield* formatAnew
    const server = yield* startNode(program, node, HEAP.alone)
    const wipe = Effect.gen(function* () {
      yield* server.kill
      yield* Effect.promise(() => rm(join(node.folder, "data"), { recursive: true, force: true }))
      yield* formatAnew
    })
    return { ...server, secure: `127.0.0.1:${node.securePort}`, wipe }
  })

/** Starts three brokers that keep copies for one another, any two of which are enough. */
export const startKafkaCluster = (
  program: KafkaProgram
): Effect.Effect<ReadonlyArray<KafkaBroker>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const nodes = yield* Effect.forEach([1, 2, 3], makeNode)
    const clusterId = newClusterId()
    // None of them is up before another is.
    return yield* Effect.forEach(
      nodes,
      (node) =>
        Effect.gen(function* () {
          yield* Effect.promise(() => writeFile(propertiesFile(node), propertiesOf(node, nodes, undefined)))
          yield* format(program, node, clusterId)
          return yield* startNode(program, node, HEAP.amongThree)
        }),
      { concurrency: "unbounded" }
    )
  })
