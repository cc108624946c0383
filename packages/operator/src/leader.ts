import { Clock, Duration, Effect } from "effect"
import { isConflict, Kinds, Kubernetes, type KubernetesError, type Manifest } from "./kubernetes/index.ts"
import { leads } from "./metrics.ts"

export interface LeaderOptions {
  readonly namespace: string
  /** Of the Lease. */
  readonly name: string
  /** This process. */
  readonly identity: string
  readonly times?: Partial<LeaderTimes>
}

/** Milliseconds. A leader stops by itself well before another one may take over, whatever their clocks say. */
export interface LeaderTimes {
  /** Without renewal for so long a Lease is free. */
  readonly lease: number
  /** Without renewal for so long a leader stops. */
  readonly deadline: number
  readonly retry: number
}

export const LEADER_TIMES: LeaderTimes = { lease: 30_000, deadline: 20_000, retry: 3_000 }

/**
 * Does the work whenever this process leads, term after term. Losing the Lease ends all of a term's work, before another
 * process may begin its own; then this one stands for election again.
 */
export const whileLeading = <E, R>(options: LeaderOptions, work: Effect.Effect<never, E, R>) =>
  Effect.gen(function* () {
    const times = { ...LEADER_TIMES, ...options.times }
    const lease = yield* makeLease(options, times)
    const term = Effect.gen(function* () {
      yield* Effect.logInfo("waiting to lead")
      while (!(yield* Effect.orElseSucceed(lease.take, () => false))) yield* Effect.sleep(times.retry)
      yield* Effect.logInfo("leading")
      yield* leads(true)
      yield* Effect.raceFirst(work, lease.keep).pipe(Effect.ensuring(Effect.andThen(leads(false), lease.release)))
      yield* Effect.logWarning("the Lease could not be renewed in time: another process may lead")
      yield* Effect.sleep(times.retry)
    })
    return yield* Effect.forever(term)
  })

const makeLease = Effect.fnUntraced(function* ({ identity, name, namespace }: LeaderOptions, times: LeaderTimes) {
  const kubernetes = yield* Kubernetes
  /** When this process first saw the holder's last renewal: other machines' clocks are not trusted. */
  const seen = { renewal: "", at: 0 }

  const written = (now: number, found: Manifest | undefined): Manifest => {
    const time = new Date(now).toISOString().replace("Z", "000Z")
    const isHeld = found?.spec?.holderIdentity === identity
    return {
      apiVersion: Kinds.lease.apiVersion,
      kind: Kinds.lease.kind,
      metadata: found?.metadata ?? { name, namespace },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(times.lease / 1000),
        acquireTime: isHeld ? found.spec.acquireTime : time,
        renewTime: time,
        leaseTransitions: (found?.spec?.leaseTransitions ?? 0) + (isHeld ? 0 : 1)
      }
    }
  }

  /** Whether the Lease is this process's now. */
  const take: Effect.Effect<boolean, KubernetesError> = Effect.gen(function* () {
    const found = yield* kubernetes.get(Kinds.lease, { namespace, name })
    const now = yield* Clock.currentTimeMillis
    if (found === undefined) return yield* Effect.as(kubernetes.create(written(now, undefined)), true)
    const { holderIdentity = "", renewTime = "" } = found.spec ?? {}
    const renewal = `${holderIdentity} ${renewTime}`
    if (renewal !== seen.renewal) Object.assign(seen, { renewal, at: now })
    const isFree = holderIdentity === "" || holderIdentity === identity || now - seen.at > times.lease
    return isFree ? yield* Effect.as(kubernetes.replace(written(now, found)), true) : false
  }).pipe(Effect.catchIf(isConflict, () => Effect.succeed(false)))

  /** Renews until that does not work for too long, or somebody else holds it: then it ends. */
  const keep = Effect.gen(function* () {
    let renewed = yield* Clock.currentTimeMillis
    for (;;) {
      yield* Effect.sleep(times.retry)
      const left = times.deadline - ((yield* Clock.currentTimeMillis) - renewed)
      const isKept = yield* take.pipe(
        Effect.timeoutOption(Duration.millis(Math.max(left, 0))),
        Effect.map((result) => (result._tag === "Some" ? result.value : undefined)),
        Effect.catch(() => Effect.undefined)
      )
      const now = yield* Clock.currentTimeMillis
      if (isKept === true) renewed = now
      else if (
        now - renewed >= times.deadline ||
        (isKept === false && seen.renewal !== "" && !seen.renewal.startsWith(`${identity} `))
      ) {
        return
      }
    }
  })

  /** Lets another process take over at once. */
  const release = Effect.gen(function* () {
    const found = yield* kubernetes.get(Kinds.lease, { namespace, name })
    if (found?.spec?.holderIdentity !== identity) return
    yield* kubernetes.replace({ ...found, spec: { ...found.spec, holderIdentity: "" } })
  }).pipe(Effect.timeoutOption("2 seconds"), Effect.ignore)

  return { take, keep, release }
})
