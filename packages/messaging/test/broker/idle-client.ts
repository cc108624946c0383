import { Broker } from "@flowforge/messaging"
import { layer as layerKafka } from "@flowforge/messaging/kafka"
import { Effect } from "effect"
import { eventually } from "../eventually.ts"
import { join, messageOf, newGroup, topicNamed } from "./readers.ts"

/** A producer and four consumers in a process of their own. It prints how often a second they wake it when nothing comes. */
const { options, topic: name } = JSON.parse(process.argv[2]!)
const MILLIS = 3_000

const program = Effect.gen(function* () {
  const broker = yield* Broker
  const topic = topicNamed(name)
  const readers = yield* Effect.forEach([1, 2, 3, 4], () => join({ group: newGroup(), topics: [topic] }))
  yield* broker.publish([messageOf(topic, "k", "0")])
  yield* eventually(
    Effect.sync(() => readers.every((reader) => reader.records().length === 1)),
    (so) => so
  )
  const turns = () => performance.nodeTiming.uvMetricsInfo.loopCount
  const before = turns()
  yield* Effect.sleep(MILLIS)
  process.stdout.write(String(((turns() - before) * 1_000) / MILLIS))
})

await Effect.runPromise(Effect.scoped(Effect.provide(program, layerKafka(options))))
process.exit(0)
