import type { OrderId } from "@flowforge/contracts"

/** Where an order's status is cached. */
export const statusKey = (id: OrderId): string => `order_status:${id}`
