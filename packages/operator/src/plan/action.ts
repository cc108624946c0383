import type { Kind, Manifest } from "../kubernetes/index.ts"
import type { SmokeOrder } from "../resource/index.ts"

/** One write to the cluster, or to the shop. */
export type Action =
  | { readonly _tag: "Apply"; readonly object: Manifest }
  /** Apart from the rest of a Deployment, so that an autoscaler can own the replicas. */
  | { readonly _tag: "Scale"; readonly name: string; readonly replicas: number }
  | { readonly _tag: "Remove"; readonly kind: Kind; readonly name: string; readonly uid: string }
  /** Lets the pipeline go only when we say so, or no longer. */
  | { readonly _tag: "Finalize"; readonly isKept: boolean }
  /** Places an order and keeps its id on the Job. */
  | { readonly _tag: "PlaceOrder"; readonly job: string; readonly order: SmokeOrder; readonly key: string }
  /** Keeps what became of the order on the Job. */
  | { readonly _tag: "Annotate"; readonly job: string; readonly value: string }

export const Apply = (object: Manifest): Action => ({ _tag: "Apply", object })
export const Scale = (name: string, replicas: number): Action => ({ _tag: "Scale", name, replicas })
export const Remove = (kind: Kind, { metadata: { name, uid = "" } }: Manifest): Action => ({
  _tag: "Remove",
  kind,
  name,
  uid
})
export const Finalize = (isKept: boolean): Action => ({ _tag: "Finalize", isKept })

export const PlaceOrder = (job: string, order: SmokeOrder, key: string): Action => ({
  _tag: "PlaceOrder",
  job,
  order,
  key
})
export const Annotate = (job: string, value: string): Action => ({ _tag: "Annotate", job, value })

/** An action as people read of it. */
export const describe = (action: Action): string => {
  switch (action._tag) {
    case "Apply":
      return `apply ${action.object.kind} ${action.object.metadata.name}`
    case "Scale":
      return `scale ${action.name} to ${action.replicas}`
    case "Remove":
      return `remove ${action.kind.kind} ${action.name}`
    case "Finalize":
      return action.isKept ? "add the finalizer" : "take the finalizer away"
    case "PlaceOrder":
      return "place the smoke order"
    case "Annotate":
      return `note the smoke order: ${action.value}`
  }
}
