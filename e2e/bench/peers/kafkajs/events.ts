/** A line of an order. */
export interface Line {
  readonly item_id: number
  readonly quantity: number
}

/** What the services tell each other, by topic; the key is the order's id. */
export interface Events {
  "peer.order.created": {
    readonly order_id: string
    readonly amount: number
    readonly method: string
    readonly token: string
    readonly items: ReadonlyArray<Line>
  }
  "peer.order.confirmed": { readonly order_id: string }
  "peer.order.cancelled": { readonly order_id: string; readonly reason: string }
  "peer.payment.succeeded": { readonly order_id: string; readonly items: ReadonlyArray<Line> }
  "peer.payment.failed": { readonly order_id: string; readonly reason: string }
  "peer.payment.refunded": { readonly order_id: string }
  "peer.inventory.reserved": { readonly order_id: string }
  "peer.inventory.failed": { readonly order_id: string; readonly failed_items: ReadonlyArray<number> }
}
export type Topic = keyof Events

export const TOPICS: ReadonlyArray<Topic> = [
  "peer.order.created",
  "peer.order.confirmed",
  "peer.order.cancelled",
  "peer.payment.succeeded",
  "peer.payment.failed",
  "peer.payment.refunded",
  "peer.inventory.reserved",
  "peer.inventory.failed"
]
