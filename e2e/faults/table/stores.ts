import { Effect } from "effect"
import type { Fault } from "../fault.ts"

/** PostgreSQL, which is the truth, and Redis, which is not. */
export const stores: ReadonlyArray<Fault> = [
  {
    name: "postgres-killed",
    what: "PostgreSQL is killed and recovers from its log",
    happen: ({ postgres }) => postgres.kill
  },
  {
    name: "redis-killed",
    what: "Redis is killed, and back after 5 s, empty",
    happen: ({ redis }) => redis.kill.pipe(Effect.andThen(Effect.sleep("5 seconds")), Effect.andThen(redis.start))
  },
  {
    name: "redis-flushed",
    what: "Redis forgets everything",
    happen: ({ redis }) => redis.flush
  },
  {
    name: "redis-frozen",
    what: "Redis is frozen for 10 s",
    happen: ({ redis }) => redis.freeze.pipe(Effect.andThen(Effect.sleep("10 seconds")), Effect.andThen(redis.thaw))
  }
]
