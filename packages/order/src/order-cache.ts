import { type OrderId, OrderPage, type OrderStatus, type UserId } from "@flowforge/contracts"
import { Cache } from "@flowforge/platform"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { OrderConfig } from "./config.ts"

export type PageOfOrders = typeof OrderPage.Type
export type FinalStatus = Exclude<OrderStatus, "PENDING">

export const statusKey = (id: OrderId): string => `order_status:${id}`
export const recentKey = (user: UserId): string => `user_orders:${user}`

/** Stands where a customer's orders were, while what readers bring along may be older than the newest order. */
const CHANGED = "changed"

const PageText = Schema.fromJsonString(OrderPage)
const decodePage = Schema.decodeUnknownOption(PageText)
const encodePage = Schema.encodeSync(PageText)

const isFinal = (status: OrderStatus | string | undefined): status is FinalStatus =>
  status === "CONFIRMED" || status === "CANCELLED"

/**
 * What the cache keeps about orders: only what can never change again. So what it says is right however old it is, and
 * losing it costs a query.
 */
export class OrderCache extends Context.Service<
  OrderCache,
  {
    readonly finalStatus: (id: OrderId) => Effect.Effect<FinalStatus | undefined>
    /** Known by whoever ended these orders, once that is committed. */
    readonly ended: (ids: ReadonlyArray<OrderId>, status: FinalStatus) => Effect.Effect<void>
    /** Read from the database. A status that can still change is not kept. */
    readonly fillStatus: (id: OrderId, status: OrderStatus) => Effect.Effect<void>
    /** A customer's newest orders as they were answered last, if not one of them can change any more. */
    readonly recentOrders: (user: UserId) => Effect.Effect<PageOfOrders | undefined>
    readonly fillRecentOrders: (user: UserId, page: PageOfOrders) => Effect.Effect<void>
    /** These customers have new orders, committed; readers that are still bringing older ones come too late. */
    readonly haveNewOrders: (users: ReadonlyArray<UserId>) => Effect.Effect<void>
  }
>()("@flowforge/order/OrderCache") {
  static readonly layer: Layer.Layer<OrderCache, never, Cache | OrderConfig> = Layer.effect(
    OrderCache,
    Effect.gen(function* () {
      const cache = yield* Cache
      const { recentTimeToLive, statusTimeToLive } = yield* OrderConfig
      const statusEntry = (id: OrderId, value: FinalStatus) => ({
        key: statusKey(id),
        value,
        timeToLive: statusTimeToLive
      })
      return OrderCache.of({
        finalStatus: (id) =>
          Effect.map(cache.get([statusKey(id)]), ([status]) => (isFinal(status) ? status : undefined)),
        ended: (ids, status) => cache.set(ids.map((id) => statusEntry(id, status))),
        fillStatus: (id, status) => (isFinal(status) ? cache.fill(Array.of(statusEntry(id, status))) : Effect.void),
        recentOrders: (user) =>
          Effect.map(cache.get([recentKey(user)]), ([text]) => Option.getOrUndefined(decodePage(text))),
        fillRecentOrders: (user, page) =>
          page.orders.every(isSettled)
            ? cache.fill(Array.of({ key: recentKey(user), value: encodePage(page), timeToLive: recentTimeToLive }))
            : Effect.void,
        haveNewOrders: (users) =>
          cache.set(
            [...new Set(users)].map((user) => ({ key: recentKey(user), value: CHANGED, timeToLive: recentTimeToLive }))
          )
      })
    })
  )
}

/** Nothing that a list shows of this order will change: it is at its end, and has its receipt if it gets one. */
const isSettled = ({ links, status }: PageOfOrders["orders"][number]): boolean =>
  status === "CANCELLED" || (status === "CONFIRMED" && links.receipt !== undefined)
