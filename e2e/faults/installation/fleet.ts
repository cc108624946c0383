import { lastingPort, launchProcess, type LaunchedProcess, type ProcessEnding } from "@flowforge/testkit"
import { Effect, Scope } from "effect"
import { flowforgeProgram, type ServiceName } from "../../system/programs.ts"

/** One of the processes of an installation. */
export interface Member {
  readonly name: ServiceName
  readonly process: LaunchedProcess
  /** Where it serves customers, if it does. */
  readonly publicUrl: string
}

/** The processes of an installation, kept as an orchestrator keeps them: what ends by itself is started again. */
export interface Fleet {
  readonly of: (name: ServiceName) => ReadonlyArray<Member>
  /** Starts one more, and waits for nothing. */
  readonly add: (name: ServiceName) => Effect.Effect<Member>
  /** Ends all of these services at once with kill -9, and starts as many anew. */
  readonly kill: (names: ReadonlyArray<ServiceName>) => Effect.Effect<void>
  /** Takes one out for good, by SIGTERM. */
  readonly retire: (member: Member) => Effect.Effect<ProcessEnding>
  /** Runs a process that ends by itself. */
  readonly run: (name: "prepare") => Effect.Effect<void>
  readonly ready: Effect.Effect<void>
  /** What ended without being told to, in words; empties the list. */
  readonly takeSurprises: () => ReadonlyArray<string>
  /** What every process has printed so far, by its name and number. */
  readonly printed: () => ReadonlyArray<readonly [name: string, text: string]>
}

export const makeFleet = Effect.fnUntraced(function* (environment: Readonly<Record<string, string>>) {
  const scope = yield* Effect.scope
  const members = new Set<Member>()
  const printed: Array<readonly [string, () => string]> = []
  const surprises: Array<string> = []
  const launch = (name: string, more: Readonly<Record<string, string>> = {}) =>
    launchProcess(flowforgeProgram, name, { ...environment, ...more }).pipe(
      Effect.provideService(Scope.Scope, scope),
      Effect.tap(({ output }) => Effect.sync(() => printed.push([`${name}-${printed.length}`, output])))
    )
  const add: Fleet["add"] = Effect.fnUntraced(function* (name) {
    const port = yield* Effect.promise(lastingPort)
    const member = { name, process: yield* launch(name, { PORT: String(port) }), publicUrl: `http://127.0.0.1:${port}` }
    members.add(member)
    yield* Effect.forkIn(watch(member), scope)
    return member
  })
  /** What is told to end is taken out before. */
  const watch = (member: Member): Effect.Effect<void> =>
    Effect.flatMap(member.process.ended, ({ code, signal }) => {
      if (!members.delete(member)) return Effect.void
      surprises.push(`${member.name} ended by itself (${code ?? signal})`)
      return Effect.asVoid(add(member.name))
    })
  const end = (member: Member, signal: NodeJS.Signals) =>
    Effect.suspend(() => {
      members.delete(member)
      return member.process.end(signal)
    })
  const of = (name: ServiceName) => [...members].filter((member) => member.name === name)
  return {
    of,
    add,
    kill: Effect.fnUntraced(function* (names) {
      const doomed = names.flatMap(of)
      yield* Effect.forEach(doomed, (member) => end(member, "SIGKILL"), { concurrency: "unbounded" })
      yield* Effect.forEach(doomed, ({ name }) => add(name), { concurrency: "unbounded" })
    }),
    retire: (member) => end(member, "SIGTERM"),
    run: Effect.fnUntraced(function* (name) {
      const process = yield* launch(name)
      const { code } = yield* process.ended
      if (code !== 0) return yield* Effect.die(new Error(`${name} ended with ${code}:\n${process.output()}`))
    }),
    ready: Effect.suspend(() =>
      Effect.forEach(members, ({ process }) => Effect.orDie(process.ready), { concurrency: "unbounded", discard: true })
    ),
    takeSurprises: () => surprises.splice(0),
    printed: () => printed.map(([name, output]) => [name, output()] as const)
  } satisfies Fleet as Fleet
})
