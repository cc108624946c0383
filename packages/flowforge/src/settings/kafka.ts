import {
  all,
  choice,
  count,
  optionalCertificate,
  optionalSecret,
  refine,
  time,
  variable
} from "@flowforge/platform/settings"
import { Config, Redacted } from "effect"
import { topicOverrides } from "./topics.ts"

const ADDRESSES = "host:port, with commas between several, and ports between 1 and 65535"

const brokers = variable("KAFKA_BROKERS", {
  parse: (name) =>
    Config.map(Config.NonEmptyString(name), (list) =>
      list
        .split(",")
        .map((address) => address.trim())
        .filter((address) => address !== "")
    ),
  expects: ADDRESSES,
  means: "some of Kafka's brokers: host:port, with commas between several"
})

const isAddress = (address: string): boolean => {
  const port = Number(/^[^\s,/:]+:(?<port>\d+)$/u.exec(address)?.groups?.["port"])
  return port >= 1 && port <= 65_535
}

/** Where Kafka is, who we are there, and what is done about topics. */
export const kafka = refine(
  all({
    brokers: refine(brokers, (addresses) =>
      addresses.length > 0 && addresses.every(isAddress) ? undefined : `KAFKA_BROKERS is wrong: it must be ${ADDRESSES}`
    ),
    tls: choice("KAFKA_TLS", ["off", "on"], "whether Kafka is spoken to by TLS", "off"),
    authority: optionalCertificate("KAFKA_TLS_CA", {
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
    stallTimeout: time(
      "KAFKA_STALL_TIMEOUT",
      "1 minute",
      "how long a consumer may lag without progress until it is replaced, and then until its process ends"
    ),
    replicas: count("KAFKA_REPLICATION_FACTOR", 1, "the copies of each new topic")
  }),
  ({ authority, mechanism, password, tls, username }) => {
    if (authority !== undefined && tls === "off") return "KAFKA_TLS_CA is set and KAFKA_TLS is off: set KAFKA_TLS=on"
    const given = [username, password].filter((secret) => secret !== undefined).length
    if (mechanism === "off" && given > 0)
      return "KAFKA_USERNAME or KAFKA_PASSWORD is set and KAFKA_SASL is off: set KAFKA_SASL, or neither of them"
    return mechanism === "off" || given === 2
      ? undefined
      : "KAFKA_USERNAME and KAFKA_PASSWORD are needed with KAFKA_SASL"
  }
)

export const textOf = (secret: Redacted.Redacted | undefined): string =>
  secret === undefined ? "" : Redacted.value(secret)
