import type { CrashPoint } from "@flowforge/flowforge"
import type { ServiceName } from "../system/programs.ts"

/** One process of each kind at most, and where it dies. All die under the same load. */
export type Round = Partial<Record<ServiceName, CrashPoint>>

export const deathsOf = (round: Round): ReadonlyArray<[ServiceName, CrashPoint]> =>
  Object.entries(round) as ReadonlyArray<[ServiceName, CrashPoint]>

export const titleOf = (round: Round): string =>
  deathsOf(round)
    .map(([name, point]) => `${name} dies at ${point}`)
    .join(", ")

/** With PostgreSQL as the broker, which is started sooner and gives dead processes' work to others sooner. */
export const ROUNDS: ReadonlyArray<Round> = [
  {
    api: "intake.inserted",
    order: "consumer.handled",
    payment: "consumer.called",
    inventory: "consumer.committed",
    notification: "sending.stored"
  },
  {
    api: "intake.committed",
    order: "consumer.committed",
    payment: "consumer.parked",
    inventory: "consumer.acknowledged",
    notification: "sending.sent"
  },
  {
    order: "consumer.closing",
    payment: "settlement.made",
    inventory: "consumer.buried",
    notification: "consumer.called"
  }
]

/** What only Kafka has, and what its adapter does in its own way. */
export const WITH_KAFKA: Round = {
  order: "relay.moved",
  payment: "relay.produced",
  inventory: "consumer.acknowledged",
  notification: "consumer.closing"
}

/** When Kafka has lost all that it held. */
export const WIPED: Round = { payment: "relay.republished" }
