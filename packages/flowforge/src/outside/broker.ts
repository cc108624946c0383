import { Topics } from "@flowforge/contracts"
import { type Broker, OutboxRelay, PublishFailed, Singleton, type Wakeups } from "@flowforge/messaging"
import * as KafkaBroker from "@flowforge/messaging/kafka"
import * as PostgresBroker from "@flowforge/messaging/postgres"
import type { ValueOf } from "@flowforge/platform/settings"
import { Duration, Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { kafka, textOf } from "../settings/kafka.ts"
import { topicsWith } from "../settings/topics.ts"
import type { broker } from "../settings/outside.ts"
import { subscriptions } from "../subscriptions.ts"

type BrokerSettings = ValueOf<typeof broker>

/** Names the settings that a refusal is about; kafkajs repeats no secrets. */
const blame = (reason: string): string => {
  if (/certificate|altnames/iu.test(reason)) return `KAFKA_TLS_CA does not vouch for Kafka: ${reason}`
  if (/SASL|authenticat/iu.test(reason)) return `KAFKA_USERNAME with KAFKA_PASSWORD is not accepted by Kafka: ${reason}`
  return reason
}

export const kafkaOptions = (settings: ValueOf<typeof kafka>, clientId: string): KafkaBroker.KafkaOptions => {
  const { authority, brokers, mechanism, password, stallTimeout, tls, username } = settings
  return {
    brokers,
    clientId,
    explain: blame,
    stallMillis: Duration.toMillis(stallTimeout),
    ...(tls === "off" ? {} : { ssl: authority === undefined ? true : { ca: textOf(authority) } }),
    ...(mechanism === "off"
      ? {}
      : { sasl: { mechanism, username: textOf(username), password: textOf(password) } as never })
  }
}

/** Makes the topics that are missing, where that is ours to do, or says which are. */
export const prepareTopics = (settings: ValueOf<typeof kafka>, clientId: string) =>
  KafkaBroker.prepare(kafkaOptions(settings, clientId), {
    topics: topicsWith(settings.overrides),
    replicas: settings.replicas,
    create: settings.topics === "create"
  }).pipe(
    Effect.catchTag("PublishFailed", ({ reason, refused }) =>
      Effect.fail(new PublishFailed({ reason: blame(reason), refused }))
    )
  )

/** Answers the names of those that were there. */
export const removeTopics = (settings: ValueOf<typeof kafka>, clientId: string) =>
  KafkaBroker.remove(kafkaOptions(settings, clientId), topicsWith(settings.overrides))

/** After Kafka has lost its data. Where topics are not ours to make they are waited for. */
const prepareAgain = (settings: ValueOf<typeof kafka>, clientId: string) =>
  Effect.catchTag(prepareTopics(settings, clientId), "TopicsNotReady", ({ problems }) =>
    Effect.fail(new PublishFailed({ reason: problems.join(", "), refused: false }))
  )

/** A consumer that stands still although it was replaced: only a new process helps. */
const endProcess = (group: string) =>
  Effect.andThen(
    Effect.logFatal(`the consumer of ${group} stands still: this process ends`),
    Effect.sync(() => process.exit(1))
  )

export const layerBroker = (
  settings: BrokerSettings,
  process: string
): Layer.Layer<Broker, never, SqlClient.SqlClient | Wakeups> =>
  settings.kind === "kafka"
    ? KafkaBroker.layer({ ...kafkaOptions(settings, `flowforge-${process}`), onStalled: endProcess })
    : PostgresBroker.layer

/** A service's own topics begin with its name: only what is committed for them wakes its relay. */
const topicsOf = (source: string): ReadonlyArray<string> =>
  Object.values(Topics)
    .map(({ name }) => name)
    .filter((name) => name.startsWith(`${source}.`))

/** Publishes what a service has left in the outbox, in one of its processes. The PostgreSQL broker reads the outbox itself. */
export const layerRelay = (
  settings: BrokerSettings,
  source: string
): Layer.Layer<never, never, Broker | SqlClient.SqlClient | Wakeups> =>
  settings.kind === "kafka"
    ? OutboxRelay.layer({
        source,
        subscriptions,
        topics: topicsOf(source),
        prepare: prepareAgain(settings, `flowforge-${source}`)
      }).pipe(Layer.provide(Singleton.layer(`${source} relay`)))
    : Layer.empty
