import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { NodeRuntime } from "@effect/platform-node"
import { findOutside, type OutsidePrograms } from "@flowforge/testkit/outside"
import { Cause, Console, Duration, Effect, Result } from "effect"
import { type Asked, HELP, parseArguments } from "./arguments.ts"
import type { Outcome } from "./fault.ts"
import { Installation } from "./installation/installation.ts"
import { renderOutcome, renderTable } from "./report.ts"
import { runFault } from "./run.ts"
import { faults } from "./table/index.ts"

const exitWith = (code: number) => Effect.sync(() => (process.exitCode = code))

const keepLogs = ({ fleet }: Installation["Service"], folder: string) =>
  Effect.promise(async () => {
    await mkdir(folder, { recursive: true })
    for (const [name, text] of fleet.printed()) await writeFile(join(folder, `${name}.log`), text)
  })

const summary = (outcomes: ReadonlyArray<Outcome>, orders: number): string => {
  const violated = outcomes.filter(({ violations }) => violations.length > 0).map(({ fault }) => fault.name)
  const verdict = violated.length === 0 ? "nothing violated" : `violated: ${violated.join(", ")}`
  return `\n${renderTable(outcomes)}\n\n${outcomes.length} faults, ${orders} orders promised, ${verdict}.`
}

/** All of them happen to one installation, one after another; what came of it is told after Ctrl-C, too. */
const runAll = Effect.fnUntraced(function* ({ faults: chosen, logs, rate }: Asked) {
  const installation = yield* Installation
  const outcomes: Array<Outcome> = []
  const promised: Array<string> = []
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      logs === undefined ? Effect.void : keepLogs(installation, logs),
      Console.log(summary(outcomes, promised.length))
    )
  )
  for (const [n, fault] of chosen.entries()) {
    yield* Console.log(`${n + 1}/${chosen.length} ${fault.name}: ${fault.what}`)
    const outcome = yield* runFault(installation, fault, promised, rate)
    yield* Console.log(renderOutcome(outcome))
    outcomes.push(outcome)
  }
  return outcomes.every(({ violations }) => violations.length === 0)
})

const run = Effect.fnUntraced(function* (programs: OutsidePrograms, asked: Asked) {
  yield* Console.log("Starting Kafka, PostgreSQL, Redis, S3, SES, SNS, the payment company and two of every process …")
  const [took, isRight] = yield* Effect.timed(
    runAll(asked).pipe(Effect.provide(Installation.layer(programs)), Effect.scoped)
  )
  yield* Console.log(`It took ${Duration.format(Duration.seconds(Math.round(Duration.toSeconds(took))))}.`)
  if (!isRight) yield* exitWith(1)
})

const main = Effect.gen(function* () {
  const asked = parseArguments(process.argv.slice(2), faults)
  if (Result.isFailure(asked)) {
    yield* Console.error(asked.failure)
    return yield* exitWith(2)
  }
  const { faults: chosen, for: purpose } = asked.success
  if (purpose === "help") return yield* Console.log(HELP)
  if (purpose === "list") {
    const width = Math.max(...chosen.map(({ name }) => name.length))
    return yield* Console.log(chosen.map(({ name, what }) => `${name.padEnd(width)}  ${what}`).join("\n"))
  }
  const programs = yield* findOutside
  if ("missing" in programs) {
    yield* Console.error(programs.missing.join("\n"))
    return yield* exitWith(2)
  }
  yield* run(programs, asked.success)
}).pipe(
  Effect.catchCause((cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.interrupt
      : Effect.andThen(Console.error(`\n${Cause.pretty(cause)}`), exitWith(2))
  )
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
