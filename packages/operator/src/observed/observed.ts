import type { Manifest } from "../kubernetes/index.ts"
import type { ProcessName } from "../resource/index.ts"

/** What one consumer group says about itself, summed up over its topics. */
export interface GroupReport {
  readonly lag: number
  /** By topic, those that nobody has handled yet. */
  readonly deadLetters: Readonly<Record<string, number>>
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
  /** From the consumers that answered. */
  readonly reports: Readonly<Partial<Record<ProcessName, GroupReport>>>
  /** What became of the smoke order that waits to be confirmed, where it could be asked. */
  readonly smokeOrder: string | undefined
  /** Last lines of pods that are not as they should be, by the pod's name. */
  readonly lastWords: Readonly<Record<string, string>>
}
