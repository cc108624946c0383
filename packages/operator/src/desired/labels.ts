import { GROUP, KIND, type OrderPipeline, type ProcessName, VERSION } from "../resource/index.ts"
import type { OwnerReference } from "../kubernetes/index.ts"

/** Who writes what the operator writes. */
export const MANAGER = "flowforge-operator"

export const Annotations = {
  /** What we last applied, as a hash: tells a change of ours from one of somebody else's. */
  applied: `${GROUP}/applied`,
  /** The values that a pod reads, as a hash: a change of them is a change of the pod. */
  configuration: `${GROUP}/configuration`,
  /** Given by people, with any new text: try again what is held. */
  retry: `${GROUP}/retry`,
  /** On a prepare Job: the order that was placed to see that this version works, and what became of it. */
  smokeOrder: `${GROUP}/smoke-order`
} as const

/** What runs once and ends: makes the topics and the tables, or deletes them. */
export type JobName = "prepare" | "remove"
export type ComponentName = ProcessName | JobName

export const isJob = (component: string | undefined): component is JobName =>
  component === "prepare" || component === "remove"

/** Keeps a pipeline that is deleted until what it made is deleted too. */
export const FINALIZER = `${GROUP}/remove`

/** The pipeline of an object that we made. */
export const PIPELINE_LABEL = "app.kubernetes.io/instance"

/** The process of an object that we made. */
export const COMPONENT_LABEL = "app.kubernetes.io/component"

export const selectorOf = (pipeline: string, component: ComponentName) => ({
  "app.kubernetes.io/name": "flowforge",
  [PIPELINE_LABEL]: pipeline,
  [COMPONENT_LABEL]: component
})

export const labelsOf = (pipeline: string, component: ComponentName) => ({
  ...selectorOf(pipeline, component),
  "app.kubernetes.io/part-of": "flowforge",
  "app.kubernetes.io/managed-by": MANAGER
})

export const OURS = `app.kubernetes.io/managed-by=${MANAGER}`

export const ownerOf = ({ metadata: { name, uid } }: OrderPipeline): OwnerReference => ({
  apiVersion: `${GROUP}/${VERSION}`,
  kind: KIND,
  name,
  uid,
  controller: true
})
