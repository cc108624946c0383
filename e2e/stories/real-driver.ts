import type { RunningSystem } from "@flowforge/embedded"
import { auditSystem, sentBy } from "@flowforge/embedded/audit"
import { eventually } from "@flowforge/testkit"
import { Context, Duration, Effect, Layer } from "effect"
import type { Kafka } from "kafkajs"
import { atRest, layerDatabaseOf } from "../system/at-rest.ts"
import { FlowForge } from "../system/client.ts"
import { readLetters } from "../system/letters.ts"
import { shortName } from "../system/outside.ts"
import { WORKERS } from "../system/programs.ts"
import { Between, Driver } from "./driver.ts"
import { commonHands } from "./hands.ts"
import { topicsOf } from "./topics.ts"
import { withhold } from "./withhold.ts"

/** Where an installation's parts are, as seen from here. */
export interface RealInstallation extends RunningSystem {
  readonly messages: Extract<RunningSystem["messages"], { readonly kind: "moto" }>
  readonly kafka: Kafka
}

const REST_WITHIN = "60 seconds"

/** A hand in a system on Kafka, S3, SES and SNS, wherever they run. */
export const layerRealDriver = (installation: RealInstallation): Layer.Layer<Between | Driver | FlowForge> => {
  const { gatewayUrl, kafka, messages } = installation
  const driver = Effect.gen(function* () {
    const topics = yield* topicsOf(kafka)
    const hands = yield* commonHands(gatewayUrl)
    const handled = eventually(
      "every event has been handled by every group",
      Effect.map(topics.lagOf(WORKERS), (lag) => lag === 0),
      REST_WITHIN
    )
    const rest = Effect.gen(function* () {
      yield* atRest(installation, REST_WITHIN)
      yield* handled
      // What was in hand then may have brought more about.
      yield* atRest(installation, REST_WITHIN)
    })
    const story = Driver.of({
      ...hands,
      lettersAbout: (orderId) =>
        sentBy(messages.url).pipe(
          Effect.map((sent) => readLetters(sent).filter(({ subject }) => subject.includes(shortName(orderId)))),
          Effect.orDie
        ),
      recordsOf: topics.recordsOf,
      inject: topics.inject,
      atRest: Effect.orDie(rest),
      audit: (options) => Effect.orDie(auditSystem(installation, { settleTime: Duration.zero, ...options }))
    })
    const between = Between.of({ withhold: yield* withhold, handled: Effect.orDie(handled) })
    return Context.make(Driver, story).pipe(Context.add(Between, between))
  })
  return Layer.effectContext(driver).pipe(
    Layer.provide(layerDatabaseOf(installation)),
    Layer.provideMerge(FlowForge.layer(installation)),
    Layer.orDie
  )
}
