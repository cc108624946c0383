import { Config, Redacted } from "effect"
import { all, refine } from "./setting.ts"
import { topicOverrides } from "./topics.ts"
import { choice, optionalSecret, variable } from "./variable.ts"

const brokers = variable("KAFKA_BROKERS", {
  parse: (name) =>
    Config.map(Config.NonEmptyString(name), (list) =>
      list
        .split(",")
        .map((address) => address.trim())
        .filter((address) => address !== "")
    ),
  expects: "host:port, with commas between several",
  means: "some of Kafka's brokers: host:port, with commas between several"
})

/** Where Kafka is, who we are there, and what is done about topics. */
export const kafka = refine(
  all({
    brokers: refine(brokers, (addresses) =>
      addresses.length > 0 && addresses.every((address) => /^[^\s,]+:\d+$/u.test(address))
        ? undefined
        : "KAFKA_BROKERS is wrong: it must be host:port, with commas between several"
    ),
    tls: choice("KAFKA_TLS", ["off", "on"], "whether Kafka is spoken to by TLS", "off"),
    authority: optionalSecret("KAFKA_TLS_CA", {
      expects: "a certificate as PEM",
      means: "who may have signed the brokers' certificates, as PEM",
      absence: "the system's authorities"
    }),
    mechanism: choice(
      "KAFKA_SASL",
      ["off", "plain", "scram-sha-256", "scram-sha-512"],
      "how a process says who it is",
      "off"
    ),
    username: optionalSecret("KAFKA_USERNAME", {
      expects: "a text",
      means: "the user, with KAFKA_SASL",
      absence: "none"
    }),
    password: optionalSecret("KAFKA_PASSWORD", {
      expects: "a text",
      means: "the password, with KAFKA_SASL",
      absence: "none"
    }),
    topics: choice(
      "KAFKA_TOPICS",
      ["create", "verify"],
      "whether missing topics are made, or only asked for",
      "create"
    ),
    overrides: topicOverrides,
    stallTimeout: variable("KAFKA_STALL_TIMEOUT", {
      parse: Config.Duration,
      expects: "a duration such as 1 minute",
      means: "how long a consumer may lag without progress until it is replaced, and then until its process ends",
      fallback: "1 minute"
    }),
    replicas: variable("KAFKA_REPLICATION_FACTOR", {
      parse: Config.Int,
      expects: "a number",
      means: "the copies of each new topic",
      fallback: "1"
    })
  }),
  ({ mechanism, password, username }) =>
    mechanism === "off" || (password !== undefined && username !== undefined)
      ? undefined
      : "KAFKA_USERNAME and KAFKA_PASSWORD are needed with KAFKA_SASL"
)

export const textOf = (secret: Redacted.Redacted | undefined): string =>
  secret === undefined ? "" : Redacted.value(secret)
