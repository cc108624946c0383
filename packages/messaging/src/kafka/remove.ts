import { Effect } from "effect"
import type { Topic } from "../topic.ts"
import { makeAdmin } from "./admin.ts"
import { type KafkaOptions, makeClient } from "./client.ts"

/** Deletes the topics and their dead-letter topics, as far as they are there, with everything in them. */
export const remove = (kafka: KafkaOptions, topics: ReadonlyArray<Topic.Any>) =>
  Effect.gen(function* () {
    const ask = yield* makeAdmin(makeClient(kafka, yield* Effect.context<never>()))
    const there = new Set(yield* ask((admin) => admin.listTopics()))
    const names = topics
      .flatMap(({ deadLetterTopic, name }) => [name, deadLetterTopic])
      .filter((name) => there.has(name))
    if (names.length > 0) yield* ask((admin) => admin.deleteTopics({ topics: names }))
    return names
  }).pipe(Effect.scoped)
