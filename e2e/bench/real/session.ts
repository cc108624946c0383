import { join } from "node:path"
import type { RunningSystem } from "@flowforge/embedded"
import { auditSystem, isViolated, renderFindings } from "@flowforge/embedded/audit"
import { eventually } from "@flowforge/testkit"
import { Console, Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { atRest, layerDatabaseOf } from "../../system/at-rest.ts"
import { firstConfirmed } from "../first-order.ts"
import { residentMegabytes as residentMegabytesOf } from "../processes.ts"
import { renderRow } from "../report.ts"
import { NOTIFIED, type Result, type Rung, runRung, type Subject } from "../rung.ts"
import { warmUp } from "../rungs.ts"
import type { Told } from "./gates.ts"
import type { ServiceName } from "../../system/programs.ts"
import { type Stack, startServers } from "./stack.ts"

/** Orders that are not at their end, and payments that owe a refund. Customers may be told later. */
const UNSETTLED = `
  SELECT (SELECT count(*) FROM orders WHERE status = 'PENDING')::int
    + (SELECT count(*) FROM payments WHERE next_attempt_at IS NOT NULL)::int AS n`

/** As {@link UNSETTLED}, and those whose customers have not been told. */
const UNTOLD = `
  SELECT (SELECT count(*) FROM orders)::int - (
    SELECT count(DISTINCT order_id) FROM notifications WHERE status <> 'claimed')::int
    + (SELECT count(*) FROM payments WHERE next_attempt_at IS NOT NULL)::int AS n`

/** Receipts and mails as files: the stand-ins for SES and SNS would take an hour for what piles up. */
const AS_FILES = { FLOWFORGE_OBJECTS: "folder", FLOWFORGE_MAIL: "folder" } as const

/** The full stack at work, with a log of every order that was taken. */
export interface Session {
  readonly stack: Stack
  /** Runs a rung that many times; answers the median round by CPU. */
  readonly run: (rung: Rung, rounds?: number, isToldToo?: boolean) => Effect.Effect<Result>
  /** What the Node processes held at their most, at the end of a rung: megabytes. */
  readonly residentMegabytes: () => number
  /** Has the customers told who have not been told yet. */
  readonly tellAll: Effect.Effect<Told>
  /** Waits until nothing is owed to anybody, and holds every invariant; answers over how many orders. */
  readonly audit: Effect.Effect<number>
}

/** What customers were told, and their receipts. */
type Records = Pick<RunningSystem, "messages" | "receipts">

const inFiles = ({ folder }: Stack): Records => ({
  receipts: { kind: "folder", folder: join(folder, "objects") },
  messages: { kind: "folder", folder: join(folder, "mail") }
})

const inStandIns = ({ outside: { environment, moto } }: Stack): Records => ({
  receipts: {
    kind: "s3",
    endpoint: environment["S3_ENDPOINT"]!,
    region: environment["S3_REGION"]!,
    bucket: environment["S3_BUCKET"]!,
    accessKeyId: environment["S3_ACCESS_KEY_ID"]!,
    secretAccessKey: environment["S3_SECRET_ACCESS_KEY"]!
  },
  messages: { kind: "moto", url: moto.url }
})

const WORKERS: ReadonlyArray<ServiceName> = ["order", "payment", "inventory"]

/**
 * Starts the stack and has it carry a first order. With the notification service customers are told by the stand-ins;
 * without it nobody is told, until {@link Session.tellAll} has them told by files.
 */
export const startSession = Effect.fnUntraced(function* (withNotification: boolean) {
  const stack = yield* startServers
  const starting = ["api", ...WORKERS, ...(withNotification ? (["notification"] as const) : [])] as const
  yield* Effect.forEach(starting, (name) => stack.start(name), { concurrency: "unbounded" })
  const accepted: Array<string> = [
    yield* firstConfirmed({ publicUrl: stack.publicUrl, managementUrl: stack.managementUrl() })
  ]
  let residentMegabytes = 0
  const inDatabase = Effect.provide(layerDatabaseOf(stack))

  const run = Effect.fnUntraced(function* (rung: Rung, rounds = 1, isToldToo = false) {
    const subject: Subject = {
      publicUrl: stack.publicUrl,
      pids: stack.pids,
      unfinished: isToldToo ? UNTOLD : UNSETTLED,
      patienceMillis: 120_000,
      notified: NOTIFIED
    }
    const results: Array<Result> = []
    for (let round = 0; round < rounds; round++) {
      const result = yield* runRung(rung, subject).pipe(inDatabase, Effect.orDie)
      yield* Console.log(renderRow(result))
      accepted.push(...result.orderIds)
      residentMegabytes = Math.max(residentMegabytes, result.residentMegabytes)
      results.push(result)
    }
    return results.toSorted((a, b) => a.cpu.system - b.cpu.system)[rounds >> 1]!
  })

  const untold = SqlClient.SqlClient.use((sql) => sql.unsafe<{ n: number }>(UNTOLD)).pipe(
    Effect.map(([row]) => row!.n),
    inDatabase,
    Effect.orDie
  )
  const tellAll = Effect.gen(function* () {
    const orders = yield* untold
    yield* stack.end("notification", "SIGTERM")
    yield* stack.start("notification", AS_FILES)
    const startedAt = performance.now()
    yield* Effect.orDie(
      eventually(
        "every customer is told",
        Effect.map(untold, (n) => n === 0),
        "5 minutes",
        "200 millis"
      )
    )
    residentMegabytes = Math.max(residentMegabytes, residentMegabytesOf(stack.pids().system))
    return { orders, rate: orders / ((performance.now() - startedAt) / 1000) }
  })

  const audit = Effect.gen(function* () {
    yield* Effect.orDie(atRest(stack, "3 minutes"))
    const findings = yield* Effect.orDie(
      auditSystem(
        {
          publicUrl: stack.publicUrl,
          managementUrl: stack.managementUrl(),
          gatewayUrl: stack.gatewayUrl,
          postgresUrl: stack.postgresUrl,
          ...(withNotification ? inStandIns(stack) : inFiles(stack))
        },
        { settleTime: Duration.zero, accepted, expectedDeadLetters: 0 }
      )
    )
    if (findings.some(isViolated)) return yield* Effect.die(new Error(renderFindings(findings)))
    yield* Console.log(`audited: every invariant holds over ${accepted.length} orders`)
    return accepted.length
  })
  return { stack, run, residentMegabytes: () => residentMegabytes, tellAll, audit } satisfies Session as Session
})

/** The rung that counts for nothing, at its own rate or at what can be carried. */
export const warmedUp = (session: Session, rate: number = warmUp.rate) => session.run({ ...warmUp, rate })
