import { Broker, PublishFailed, type Message } from "@flowforge/messaging"
import { Effect, Layer } from "effect"

/** A broker that notes what it takes, in order, with switches for what can go wrong with it. */
export interface Recorder {
  readonly taken: Array<Message>
  clusterId: string
  isAway: boolean
  /** Messages that it will never take. */
  refuses: (message: Message) => boolean
  /** How many messages of the next batches it takes before it goes away in the midst of each. */
  readonly takesBeforeFailing: Array<number>
}

export const makeRecorder = (): Recorder => ({
  taken: [],
  clusterId: "first cluster",
  isAway: false,
  refuses: () => false,
  takesBeforeFailing: []
})

export const layerRecorder = (recorder: Recorder): Layer.Layer<Broker> =>
  Layer.succeed(Broker, {
    publish: (messages) =>
      Effect.suspend(() => {
        if (recorder.isAway) return new PublishFailed({ reason: "away", refused: false })
        if (messages.some(recorder.refuses)) return new PublishFailed({ reason: "too large", refused: true })
        const taken = recorder.takesBeforeFailing.shift()
        recorder.taken.push(...messages.slice(0, taken))
        return taken === undefined ? Effect.void : new PublishFailed({ reason: "gone meanwhile", refused: false })
      }),
    subscribe: () => Effect.die("nobody reads here"),
    clusterId: Effect.suspend(() =>
      recorder.isAway
        ? Effect.fail(new PublishFailed({ reason: "away", refused: false }))
        : Effect.succeed(recorder.clusterId)
    )
  })
