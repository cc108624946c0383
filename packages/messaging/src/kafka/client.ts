import "./idle-timers.ts"
import "./produce-request.ts"
import { type Context, Effect } from "effect"
import { Kafka, type KafkaConfig, logLevel } from "kafkajs"

/** How to reach Kafka, and how patient to be with its members; durations in milliseconds. */
export interface KafkaOptions {
  /** host:port of some of the brokers. */
  readonly brokers: ReadonlyArray<string>
  readonly clientId?: string
  readonly ssl?: KafkaConfig["ssl"]
  readonly sasl?: KafkaConfig["sasl"]
  /** How long a member that does not answer keeps its partitions: 10,000 by default. */
  readonly sessionMillis?: number
  /** How long closing a subscription waits for the batch in hand and for leaving, each: 5,000 by default. */
  readonly closeMillis?: number
  /** How long a running member may lag without progress until it is replaced, and then counts as stalled: 60,000 by default. */
  readonly stallMillis?: number
  /** Adds to a reason of Kafka's what the reader can do about it, where a consumer waits for Kafka. */
  readonly explain?: (reason: string) => string
  /** What to do about a member that stands still although it was replaced: to end the process, say. By default an error in the log. */
  readonly onStalled?: (group: string) => Effect.Effect<void>
}

export const makeClient = (options: KafkaOptions, services: Context.Context<never>): Kafka =>
  new Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId ?? "flowforge",
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    connectionTimeout: 2000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5 },
    logLevel: logLevel.ERROR,
    // What matters of its many words is told where it is noticed; the rest is for those who look for it.
    logCreator:
      () =>
      ({ log, namespace }) =>
        void Effect.runForkWith(services)(Effect.logDebug(`kafkajs ${namespace}: ${log.message}`))
  })

/** What a promise of kafkajs was rejected with, in words. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
