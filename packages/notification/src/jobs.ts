import { Singleton } from "@flowforge/messaging"
import { Duration, Effect, Layer } from "effect"
import { NotificationConfig } from "./config.ts"
import { Settlements } from "./settlements.ts"

const CHUNK = 500
const PAUSE = Duration.seconds(5)

/** In one process at a time: claims whose attempt never came back become unknown, and are announced as that. */
export const jobs = Layer.effectDiscard(
  Effect.gen(function* () {
    const singleton = yield* Singleton
    const settlements = yield* Settlements
    const { claimLimit } = yield* NotificationConfig
    const giveUp = settlements.giveUpStale(claimLimit, CHUNK).pipe(Effect.repeat({ while: (count) => count === CHUNK }))
    yield* Effect.forkScoped(singleton.whileHeld(Effect.forever(Effect.andThen(giveUp, Effect.sleep(PAUSE)))))
  })
).pipe(Layer.provide(Singleton.layer("notification")))
