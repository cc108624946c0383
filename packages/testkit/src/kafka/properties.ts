import { join } from "node:path"
import { type KafkaSecurity, securityOf } from "./security.ts"

/** A broker, which is a controller as well. */
export interface KafkaNode {
  readonly id: number
  readonly folder: string
  readonly port: number
  readonly securePort: number
  readonly controllerPort: number
}

const listeners = ({ port, securePort }: KafkaNode, secured: KafkaSecurity | undefined): string =>
  `PLAINTEXT://127.0.0.1:${port}${secured === undefined ? "" : `,SECURE://127.0.0.1:${securePort}`}`

/** server.properties of one of them. */
export const propertiesOf = (
  node: KafkaNode,
  all: ReadonlyArray<KafkaNode>,
  secured: KafkaSecurity | undefined
): string =>
  [
    ...(secured === undefined ? [] : securityOf(node.folder, secured)),
    `process.roles=broker,controller`,
    `node.id=${node.id}`,
    `listeners=${listeners(node, secured)},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    `advertised.listeners=${listeners(node, secured)}`,
    `controller.listener.names=CONTROLLER`,
    `listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL`,
    `controller.quorum.voters=${all.map(({ controllerPort, id }) => `${id}@127.0.0.1:${controllerPort}`).join(",")}`,
    `log.dirs=${join(node.folder, "data")}`,
    `auto.create.topics.enable=false`,
    `offsets.topic.replication.factor=${all.length}`,
    `offsets.topic.num.partitions=4`,
    `transaction.state.log.replication.factor=1`,
    `transaction.state.log.min.isr=1`,
    `group.initial.rebalance.delay.ms=0`,
    `group.min.session.timeout.ms=1000`,
    // Half of the heap otherwise, for topics that are compacted.
    `log.cleaner.dedupe.buffer.size=4194304`,
    // A broker killed with -9 is refused until its old session ends.
    `broker.session.timeout.ms=2000`,
    `broker.heartbeat.interval.ms=500`
  ].join("\n")
