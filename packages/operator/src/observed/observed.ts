import type { Manifest } from "../kubernetes/index.ts"
import type { ProcessName } from "../resource/index.ts"

/** What one consumer group says about itself. */
export interface GroupReport {
  readonly members: number
  /** Over all of its topics. */
  readonly lag: number
  /** So long the oldest event waits at least, for the group or to be published by its service. */
  readonly waitingSeconds: number
  /** By topic, those that nobody has replayed or discarded yet; `oldest` is ISO 8601. */
  readonly deadLetters: Readonly<Record<string, DeadLetters>>
}

export interface DeadLetters {
  readonly count: number
  readonly oldest: string
}

/** What is in the cluster of a pipeline. */
export interface Observed {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Everything that carries our labels and this pipeline's name, whoever it belongs to. */
  readonly objects: ReadonlyArray<Manifest>
  /** What would be made anew, and exists already without our labels. */
  readonly taken: ReadonlyArray<string>
  /** Kinds that this cluster does not know. */
  readonly unknownKinds: ReadonlyArray<string>
  /** Of the groups that answered. */
  readonly reports: Readonly<Partial<Record<ProcessName, GroupReport>>>
  /** What became of the smoke order that waits to be confirmed, where it could be asked. */
  readonly smokeOrder: string | undefined
  /** Last lines of pods that are not as they should be, by the pod's name. */
  readonly lastWords: Readonly<Record<string, string>>
}
