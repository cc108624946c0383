import { Topics } from "@flowforge/contracts"
import { refine, variable } from "@flowforge/platform/settings"
import { Config, Duration, Schema } from "effect"

const NAME = "KAFKA_TOPIC_OVERRIDES"

const count = Schema.Int.check(Schema.isGreaterThan(0))

const Overrides = Schema.fromJsonString(
  Schema.Record(
    Schema.String,
    Schema.Struct({ partitions: Schema.optionalKey(count), retentionHours: Schema.optionalKey(count) })
  )
)
type Overrides = typeof Overrides.Type

const declared = Object.values(Topics)

const isKnown = (name: string) => declared.some((topic) => topic.name === name)

/** What an installation has otherwise than the contracts say: more partitions for more workers, another retention. */
export const topicOverrides = refine(
  variable<Overrides>(NAME, {
    parse: (name) => Config.schema(Overrides, name),
    expects: 'JSON such as {"order.created":{"partitions":6,"retentionHours":24}}',
    means: "what differs for topics that are made, by name, as JSON: partitions, retentionHours",
    fallback: "{}"
  }),
  (overrides) => {
    const unknown = Object.keys(overrides).filter((name) => !isKnown(name))
    return unknown.length === 0 ? undefined : `${NAME} is wrong: there is no topic ${unknown.join(", ")}`
  }
)

/** The topics of an installation. */
export const topicsWith = (overrides: Overrides) =>
  declared.map((topic) => {
    const { partitions = topic.partitions, retentionHours } = overrides[topic.name] ?? {}
    const retention = retentionHours === undefined ? topic.retention : Duration.hours(retentionHours)
    return { ...topic, partitions, retention }
  })
