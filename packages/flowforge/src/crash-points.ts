import { armCrashPoint, type CrashPoints, messagingCrashPoints } from "@flowforge/messaging"
import { NotificationService } from "@flowforge/notification"
import { OrderService } from "@flowforge/order"
import { PaymentService } from "@flowforge/payment"
import { Misconfigured, optional, type Setting } from "@flowforge/platform/settings"
import { Config, Effect } from "effect"

/** Where a process can be made to die, each with what it leaves half done. */
export const crashPoints = {
  ...OrderService.crashPoints,
  ...PaymentService.crashPoints,
  ...NotificationService.crashPoints,
  ...messagingCrashPoints
} satisfies CrashPoints<string>

export type CrashPoint = keyof typeof crashPoints

const NAME = "FLOWFORGE_CRASH_AT"

const named = optional(NAME, {
  parse: (name) => Config.Literals(Object.keys(crashPoints) as ReadonlyArray<CrashPoint>, name),
  expects: "the name of a crash point",
  means: "for tests only: the process kills itself when it comes to this crash point",
  absence: "none"
})

const isProduction = Config.String("NODE_ENV").pipe(
  Config.withDefault(""),
  Effect.map((mode) => mode === "production"),
  Effect.orDie
)

/** The crash point a test has asked for. Refused where it is said that this is production. */
export const crashAt: Setting<CrashPoint | undefined> = {
  variables: named.variables,
  read: Effect.gen(function* () {
    const point = yield* named.read
    if (point !== undefined && (yield* isProduction)) {
      return yield* new Misconfigured({ mistakes: [`${NAME} is for tests: NODE_ENV is production here`] })
    }
    return point
  })
}

/** Makes this process die at the point that was asked for, if one was. */
export const arm = (point: CrashPoint | undefined): Effect.Effect<void> =>
  point === undefined
    ? Effect.void
    : Effect.andThen(
        Effect.sync(() => armCrashPoint(point)),
        Effect.logWarning(`this process kills itself at ${point}: ${crashPoints[point]}`)
      )
