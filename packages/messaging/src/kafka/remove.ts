import { Effect } from "effect"
import type { Topic } from "../topic.ts"
import { makeAdmin } from "./admin.ts"
import { type KafkaOptions, makeClient } from "./client.ts"
import { isMark } from "./cluster-id.ts"

/** Deletes the topics and their dead-letter topics, as far as they are there, with everything in them. Answers their names. */
export const remove = (kafka: KafkaOptions, topics: ReadonlyArray<Topic.Any>) =>
  Effect.gen(function* () {
    const ask = yield* makeAdmin(makeClient(kafka, yield* Effect.context<never>()))
    const ours = new Set(topics.flatMap(({ deadLetterTopic, name }) => [name, deadLetterTopic]))
    const names = (yield* ask((admin) => admin.listTopics())).filter((name) => ours.has(name) || isMark(name))
    if (names.length > 0) yield* ask((admin) => admin.deleteTopics({ topics: names }))
    return names
  }).pipe(Effect.scoped)
