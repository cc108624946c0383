import { Console, Duration, Effect } from "effect"
import { findKafka, KAFKA_MISSING } from "./kafka/index.ts"
import { findMoto, MOTO_MISSING } from "./moto/index.ts"
import { findObjectStore, OBJECT_STORE_MISSING } from "./object-store/index.ts"
import { findRedis, REDIS_MISSING } from "./redis/index.ts"

const servers = [
  ["Kafka", findKafka, KAFKA_MISSING],
  ["Redis", findRedis, REDIS_MISSING],
  ["an S3 server", findObjectStore, OBJECT_STORE_MISSING],
  ["a stand-in for SES and SNS", findMoto, MOTO_MISSING]
] as const

/** Finds or installs the servers that tests run against, one after another, before many test files look for them at once. */
await Effect.runPromise(
  Effect.forEach(
    servers,
    ([name, find, missing]) =>
      Effect.flatMap(Effect.timed(find as Effect.Effect<unknown>), ([took, found]) =>
        found === undefined
          ? Console.log(`${name}: ${missing}; tests that need it are skipped`)
          : Console.log(`${name}: there (${Duration.toSeconds(took).toFixed(1)} s)`)
      ),
    { discard: true }
  )
)
