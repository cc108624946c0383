import { type Desired, nameOf } from "../desired/index.ts"
import { type Manifest } from "../kubernetes/index.ts"
import { controllerOf, imageOf, type Observed, createdAt } from "../observed/index.ts"
import type { ProcessName } from "../resource/index.ts"

/** What is observed, found by what is looked for. */
export interface World {
  readonly find: (wanted: Manifest) => Manifest | undefined
  readonly deployment: (process: ProcessName) => Manifest | undefined
  readonly mine: (kind: string) => ReadonlyArray<Manifest>
  readonly podsOf: (name: string) => ReadonlyArray<Manifest>
  /** Those of a pipeline that had this one's name before; they go by themselves. */
  readonly remains: ReadonlyArray<Manifest>
  /** When a process first had an image: milliseconds since 1970. */
  readonly firstSeen: (process: ProcessName, image: string | undefined) => number | undefined
}

/** What Kubernetes makes of what we make; looked at, never written. */
const DERIVED = ["Pod", "ReplicaSet"]

export const worldOf = ({ pipeline }: Desired, { objects }: Observed): World => {
  const isMine = (object: Manifest) => controllerOf(object)?.uid === pipeline.metadata.uid
  const own = objects.filter((object) => !DERIVED.includes(object.kind))
  const find = (kind: string, name: string) =>
    own.find((object) => object.kind === kind && object.metadata.name === name && isMine(object))
  const deployment = (process: ProcessName) => find("Deployment", nameOf(pipeline, process))
  return {
    find: (wanted) => find(wanted.kind, wanted.metadata.name),
    deployment,
    mine: (kind) => own.filter((object) => object.kind === kind && isMine(object)),
    podsOf: (name) =>
      objects.filter(
        (object) =>
          object.kind === "Pod" &&
          object.metadata.name.startsWith(`${name}-`) &&
          object.metadata.deletionTimestamp === undefined
      ),
    remains: own.filter((object) => controllerOf(object) !== undefined && !isMine(object)),
    firstSeen: (process, image) => {
      const uid = deployment(process)?.metadata.uid
      const times = objects
        .filter(
          (object) => object.kind === "ReplicaSet" && controllerOf(object)?.uid === uid && imageOf(object) === image
        )
        .map(createdAt)
      return times.length === 0 ? undefined : Math.min(...times)
    }
  }
}
