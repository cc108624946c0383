/** Examples in the OpenAPI: they can be pasted, the catalogue of the embedded system knows the items and the user. */

const order_id = "019ab1f0-5c00-7a3e-9c1d-2f4b6a8c0d1e"
const user_id = "00000000-0000-7000-8000-000000000042"
const self = `/orders/${order_id}`

const request = (items: ReadonlyArray<{ item_id: number; quantity: number }>, token: string) => ({
  user_id,
  items,
  payment_info: { method: "card", token }
})

export const orderRequests = {
  "Two items": request(
    [
      { item_id: 1, quantity: 2 },
      { item_id: 2, quantity: 1 }
    ],
    "tok_ok"
  ),
  "A card that will be declined": request([{ item_id: 1, quantity: 1 }], "tok_declined")
}

export const acceptedExample = {
  order_id,
  status: "PENDING",
  total_amount: 12.7,
  links: { self, cancel: `${self}/cancel` }
}

const summary = { order_id, user_id, total_amount: 12.7, created_at: "2026-11-23T10:15:30.001Z" }

const confirmed = { ...summary, status: "CONFIRMED", links: { self, receipt: `${self}/receipt` } }

export const statusExample = { order_id, status: "CONFIRMED" }

export const confirmedExample = {
  ...confirmed,
  items: [
    { item_id: 1, quantity: 2, price: 1.9, amount: 3.8 },
    { item_id: 2, quantity: 1, price: 8.9, amount: 8.9 }
  ],
  history: [
    { state: "PENDING", at: "2026-11-23T10:15:30.001Z", cause: "accepted" },
    { state: "CONFIRMED", at: "2026-11-23T10:15:30.041Z", cause: "inventory.reserved" }
  ],
  trouble: []
}

export const cancelledExample = { ...summary, status: "CANCELLED", cancel_reason: "CUSTOMER", links: { self } }

export const pageExample = { orders: [confirmed], next_cursor: "MDE5YWIxZjAtNWMwMC03YTNlLTljMWQtMmY0YjZhOGMwZDFl" }
