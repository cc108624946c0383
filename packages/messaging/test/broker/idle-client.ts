import { Broker } from "@flowforge/messaging"
import { layer as layerKafka } from "@flowforge/messaging/kafka"
import { Effect } from "effect"
import { eventually } from "../eventually.ts"
import { join, messageOf, newGroup, topicNamed } from "./readers.ts"

/** A producer and four consumers in a process of their own. It prints how often they wake it in the median second when nothing comes. */
const { options, topic: name } = JSON.parse(process.argv[2]!)
const SECONDS = 5

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
  const turnsInASecond = Effect.suspend(() => {
    const before = turns()
    return Effect.map(Effect.sleep("1 second"), () => turns() - before)
  })
  const seen = yield* Effect.replicateEffect(turnsInASecond, SECONDS)
  // V8 collects garbage once, in up to two thousand small steps.
  process.stdout.write(String(seen.toSorted((a, b) => a - b)[SECONDS >> 1]))
})

await Effect.runPromise(Effect.scoped(Effect.provide(program, layerKafka(options))))
process.exit(0)
