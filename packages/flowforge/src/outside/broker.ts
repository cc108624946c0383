import { type Broker, OutboxRelay, Singleton, type Wakeups } from "@flowforge/messaging"
import * as KafkaBroker from "@flowforge/messaging/kafka"
import * as PostgresBroker from "@flowforge/messaging/postgres"
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { kafka, textOf } from "../settings/kafka.ts"
import type { broker } from "../settings/outside.ts"
import type { ValueOf } from "../settings/setting.ts"
import { subscriptions } from "../subscriptions.ts"

type BrokerSettings = ValueOf<typeof broker>

export const kafkaOptions = (settings: ValueOf<typeof kafka>, clientId: string): KafkaBroker.KafkaOptions => {
  const { authority, brokers, mechanism, password, tls, username } = settings
  return {
    brokers,
    clientId,
    ...(tls === "off" ? {} : { ssl: authority === undefined ? true : { ca: textOf(authority) } }),
    ...(mechanism === "off"
      ? {}
      : { sasl: { mechanism, username: textOf(username), password: textOf(password) } as never })
  }
}

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

/** Publishes what a service has left in the outbox, in one of its processes. The PostgreSQL broker reads the outbox itself. */
export const layerRelay = (
  settings: BrokerSettings,
  source: string
): Layer.Layer<never, never, Broker | SqlClient.SqlClient | Wakeups> =>
  settings.kind === "kafka"
    ? OutboxRelay.layer({ source, subscriptions }).pipe(Layer.provide(Singleton.layer(`${source} relay`)))
    : Layer.empty
