import { setTimeout as sleep } from "node:timers/promises"
import { audit, isViolated } from "@flowforge/embedded/audit"
import { Cause, Clock, Duration, Effect, Schedule } from "effect"
import { atRest } from "../system/at-rest.ts"
import { type Customers, sendCustomers } from "../system/customers.ts"
import { wishesWith } from "../system/wishes.ts"
import type { Fault, Outcome } from "./fault.ts"
import type { Installation } from "./installation/installation.ts"
import { recoveryOf } from "./recovery.ts"

/** Orders a second, about: light, so that what is measured is the recovery and not the machine. */
export const ORDINARY_RATE = 12
/** Each customer orders about once a second. */
const PAUSE_MILLIS = 950
/** So many orders are promised before the fault, and again after the recovery. */
const AROUND = 24
const TOKENS = ["tok_ok", "tok_load", "tok_ok", "tok_declined"]
const REST_WITHIN = "90 seconds"

/** What is lost, done twice or miscounted stays so; what is only late has this long. */
const CLEAN_WITHIN = Schedule.spaced("1 second").pipe(Schedule.upTo({ duration: "30 seconds" }))

/** Waits for so many more orders, or until nobody has the patience to wait. */
const more = (customers: Customers, orders: number) =>
  Effect.promise(async (signal) => {
    const enough = customers.accepted.length + orders
    while (customers.accepted.length < enough && !signal.aborted) await sleep(10)
  }).pipe(Effect.timeoutOption("150 seconds"))

/** What the audit finds wrong with all that has ever been promised in this installation. */
const auditOf = ({ records }: Installation["Service"], promised: ReadonlyArray<string>) =>
  audit(records, { settleTime: Duration.zero, accepted: promised, expectedDeadLetters: 0 }).pipe(
    Effect.map((findings) => findings.filter(isViolated)),
    Effect.repeat({ until: (violated) => violated.length === 0, schedule: CLEAN_WITHIN }),
    Effect.map((violated) =>
      violated.flatMap(({ examples, invariant, violations }) => [`${violations} × ${invariant}`, ...examples])
    ),
    Effect.catch((error) => Effect.succeed([`the audit could not be made: ${String(error)}`]))
  )

/**
 * Lets a fault happen to an installation under steady load, and asks what it came to. `promised` is the customers' own log
 * of every 202 they ever got; those of this run are added. `rate` is orders a second.
 */
export const runFault = Effect.fnUntraced(function* (
  installation: Installation["Service"],
  fault: Fault,
  promised: Array<string>,
  rate: number = ORDINARY_RATE
) {
  const { fleet, publicUrl, records } = installation
  const customers = yield* Effect.acquireRelease(
    Effect.sync(() =>
      sendCustomers({
        name: fault.name,
        publicUrl,
        customers: rate,
        pauseMillis: PAUSE_MILLIS,
        wishOf: wishesWith(TOKENS)
      })
    ),
    (customers) => Effect.sync(customers.abandon)
  )
  yield* more(customers, AROUND)
  const struckAt = yield* Clock.currentTimeMillis
  const broken = yield* fault.happen(installation).pipe(
    Effect.as<ReadonlyArray<string>>([]),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : Effect.succeed([Cause.pretty(cause)])
    )
  )
  const lastedMillis = (yield* Clock.currentTimeMillis) - struckAt
  const recovery = yield* recoveryOf(records.sql, [...customers.accepted])
  yield* more(customers, AROUND)
  yield* Effect.promise(customers.stop)
  promised.push(...customers.accepted)
  const unrest = yield* atRest(installation, REST_WITHIN).pipe(
    Effect.as<ReadonlyArray<string>>([]),
    Effect.catch(({ message }) => Effect.succeed([message]))
  )
  const restedMillis = (yield* Clock.currentTimeMillis) - struckAt - lastedMillis
  const doubtful = yield* records.sql<{ readonly n: number }>`SELECT count(*)::int AS n FROM notifications
    WHERE status = 'unknown' AND order_id = ANY(${customers.accepted}::uuid[])`
  const unanswered = customers.unanswered()
  return {
    fault,
    orders: customers.accepted.length,
    refused: customers.refused(),
    unanswered: unanswered.length,
    doubtful: doubtful[0]!.n,
    lastedMillis,
    ...recovery,
    restedMillis,
    surprises: fleet.takeSurprises(),
    violations: [
      ...broken,
      ...customers.complaints,
      ...(fault.costsAnswers === undefined ? unanswered.map((why) => `a request got no answer: ${why}`) : []),
      ...(recovery.toldMillis === undefined ? ["not every order had its end, and its customer was told, in time"] : []),
      ...unrest,
      ...(yield* auditOf(installation, promised))
    ]
  } satisfies Outcome as Outcome
}, Effect.scoped)
