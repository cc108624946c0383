import type { NotificationId, OrderId } from "@flowforge/contracts"

/**
 * Claims that this process made and has not begun to carry out: certainly not sent. The consumer drops calls when their
 * dependency turns out to be down for everybody, or when it stops; their claims are given back, to be made anew when the
 * events come again, instead of standing in doubt for ever.
 */
export interface Unbegun {
  /** The claims left over of these orders, or of all, to be given back. None of them can begin any more. */
  readonly withdraw: (orderIds?: ReadonlyArray<OrderId>) => ReadonlyArray<NotificationId>
  readonly add: (orderId: OrderId, ids: ReadonlyArray<NotificationId>, nowMillis: number) => void
  /** Whether these may be sent now; false when they were withdrawn. */
  readonly begin: (orderId: OrderId, ids: ReadonlyArray<NotificationId>) => boolean
}

interface Left {
  readonly ids: ReadonlyArray<NotificationId>
  readonly sinceMillis: number
}

/** What is older than the time limit is forgotten: it is given up by then. */
export const makeUnbegun = (timeLimitMillis: number): Unbegun => {
  const left = new Map<OrderId, Left>()
  const mayBegin = new Set<NotificationId>()
  return {
    withdraw: (orderIds = [...left.keys()]) => {
      const ids = orderIds.flatMap((orderId) => left.get(orderId)?.ids ?? [])
      for (const id of ids) mayBegin.delete(id)
      return ids
    },
    add: (orderId, ids, nowMillis) => {
      for (const [oldest, { ids, sinceMillis }] of left) {
        if (nowMillis - sinceMillis < timeLimitMillis) break
        left.delete(oldest)
        for (const id of ids) mayBegin.delete(id)
      }
      // What was withdrawn stays, until it is known that giving it back was committed.
      const before = left.get(orderId)?.ids ?? []
      left.delete(orderId)
      left.set(orderId, { ids: [...before, ...ids], sinceMillis: nowMillis })
      for (const id of ids) mayBegin.add(id)
    },
    begin: (orderId, ids) => {
      if (!ids.every((id) => mayBegin.has(id))) return false
      for (const id of ids) mayBegin.delete(id)
      if (ids.length > 0) left.delete(orderId)
      return true
    }
  }
}
