import { Effect } from "effect"
import type { Fault } from "../fault.ts"

export const broker: ReadonlyArray<Fault> = [
  {
    name: "broker-stopped",
    what: "Kafka is stopped in order and started again",
    happen: ({ kafka }) => Effect.andThen(kafka.stop, kafka.start)
  },
  {
    name: "broker-killed",
    what: "Kafka is killed and started again",
    happen: ({ kafka }) => Effect.andThen(kafka.kill, kafka.start)
  },
  {
    name: "broker-frozen",
    what: "Kafka is frozen for 15 s, longer than sessions last",
    happen: ({ kafka }) => kafka.freeze.pipe(Effect.andThen(Effect.sleep("15 seconds")), Effect.andThen(kafka.thaw))
  },
  {
    name: "broker-away",
    what: "Kafka is away for 90 s",
    happen: ({ kafka }) => kafka.kill.pipe(Effect.andThen(Effect.sleep("90 seconds")), Effect.andThen(kafka.start))
  },
  {
    name: "broker-wiped",
    what: "Kafka loses all its data, and comes back as another cluster without topics",
    happen: ({ kafka }) => Effect.andThen(kafka.wipe, kafka.start)
  }
]
