import { Annotations, type Desired } from "../desired/index.ts"
import type { Manifest } from "../kubernetes/index.ts"
import type { Observed } from "../observed/index.ts"
import { Annotate, PlaceOrder } from "./action.ts"
import { done, type Hold, type Step } from "./step.ts"
import { type Told, told } from "./told.ts"
import type { World } from "./world.ts"

/** What is kept of the order on the version's Job: its id and its last known status. */
export interface SmokeRecord {
  readonly id: string
  readonly status: string
}

export const recordOf = (job: Manifest | undefined): SmokeRecord | undefined => {
  const [id, status] = job?.metadata.annotations?.[Annotations.smokeOrder]?.split(" ") ?? []
  return id === undefined || status === undefined ? undefined : { id, status }
}

const TRY_AGAIN = "To try again, give the annotation flowforge.dev/retry a new text."

/** One order for each version, placed by the public API like any other; the Job of the version remembers it. */
export const smokeOrderStep = (desired: Desired, observed: Observed, world: World): Step => {
  const job = world.find(desired.prepare)
  const order = desired.pipeline.spec.smokeOrder
  if (order === undefined || job === undefined) return done()
  const record = recordOf(job)
  const { name } = job.metadata
  if (record === undefined) {
    const place = PlaceOrder(name, order, `smoke-${desired.pipeline.metadata.uid}-${name}`)
    return { actions: [place], isDone: false, waits: "the smoke order to be taken" }
  }
  const status = record.status === "PENDING" ? (observed.smokeOrder ?? "PENDING") : record.status
  if (status === "PENDING") return { actions: [], isDone: false, waits: `order ${record.id} to be confirmed` }
  const actions = status === record.status ? [] : [Annotate(name, `${record.id} ${status}`)]
  return status === "CONFIRMED" ? done(actions) : { actions, isDone: false, waits: "", hold: lost(record.id, status) }
}

/** The condition OrderConfirmed, where such an order is asked for. */
export const orderedOf = ({ pipeline, prepare }: Desired, world: World): Readonly<Record<string, Told>> => {
  if (pipeline.spec.smokeOrder === undefined) return {}
  const record = recordOf(world.find(prepare))
  if (record === undefined) return { OrderConfirmed: told("Unknown", "NotPlaced") }
  const { id, status } = record
  if (status === "PENDING") return { OrderConfirmed: told("Unknown", "Pending", `Order ${id}`) }
  return { OrderConfirmed: told(status === "CONFIRMED", status === "CONFIRMED" ? "Confirmed" : "Lost", `Order ${id}`) }
}

const lost = (id: string, status: string): Hold => ({
  reason: "SmokeOrderLost",
  message: `Order ${id} is ${status}: GET /orders/${id} says why. ${TRY_AGAIN}`
})
