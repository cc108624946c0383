import type { OrderId } from "@flowforge/contracts"
import { DependencyUnavailable } from "@flowforge/messaging"
import { Context, Deferred, Effect, Layer } from "effect"
import { type GatewayError, GatewayRefused, layerMemory, PaymentGateway } from "../src/gateway/index.ts"
import type { GatewayFact } from "../src/domain.ts"

type Operation = "capture" | "void" | "refund"

/** What becomes of one call: `act` is what the company does and answers when nothing goes wrong. */
export type Fault = (act: Effect.Effect<GatewayFact, GatewayError>) => Effect.Effect<GatewayFact, GatewayError>

const away = new DependencyUnavailable({ dependency: "payment gateway", reason: "it answered 503" })
const refused = new GatewayRefused({ orderId: "", reason: "it answered 409 to a request under its key" })

/** What can go wrong with one call, before the company has acted or after it. */
export const faults = {
  unavailable: () => Effect.fail(away),
  hangs: () => Effect.never,
  refuses: () => Effect.fail(refused),
  dies: () => Effect.die(new Error("a bug in the client")),
  actsAndBreaksOff: (act) => Effect.andThen(act, Effect.fail(away)),
  actsAndHangs: (act) => Effect.andThen(act, Effect.never),
  actsAndRefuses: (act) => Effect.andThen(act, Effect.fail(refused))
} as const satisfies Record<string, Fault>

/** A fault that waits for the test, before the company acts or with its answer in hand. */
export const hold = (when: "before" | "after") =>
  Effect.gen(function* () {
    const reached = yield* Deferred.make<void>()
    const released = yield* Deferred.make<void>()
    const pause = Effect.andThen(Deferred.succeed(reached, undefined), Deferred.await(released))
    const fault: Fault = (act) => (when === "before" ? Effect.andThen(pause, act) : Effect.tap(act, pause))
    return { fault, reached: Deferred.await(reached), release: Deferred.succeed(released, undefined) }
  })

/** What the company has done for an order, and how often it was called. */
export interface Account {
  readonly captured: boolean
  readonly refunded: boolean
  readonly calls: Readonly<Record<Operation, number>>
}

/** The company in memory, whose calls go wrong as a test has planned. It outlives the services that call it. */
export class Company extends Context.Service<
  Company,
  {
    /** The next calls of this kind for the order go so, one after the other; those after them go well. */
    readonly plan: (operation: Operation, orderId: OrderId, ...planned: ReadonlyArray<Fault>) => void
    /** Every call goes so, whatever is planned; undefined ends that. */
    readonly everybody: (fault: Fault | undefined) => void
    readonly account: (orderId: OrderId) => Account
    readonly calls: () => number
  }
>()("test/Company") {
  static readonly layer: Layer.Layer<Company | PaymentGateway> = Layer.effectContext(
    Effect.gen(function* () {
      const inner = yield* PaymentGateway
      const plans = new Map<string, Array<Fault>>()
      const done = new Set<string>()
      const calls = new Map<string, number>()
      let all: Fault | undefined
      let count = 0

      const call = (operation: Operation, orderId: OrderId, effect: Effect.Effect<GatewayFact, GatewayError>) =>
        Effect.suspend(() => {
          const name = `${operation} ${orderId}`
          count += 1
          calls.set(name, (calls.get(name) ?? 0) + 1)
          const act = Effect.tap(effect, (fact) => Effect.sync(() => done.add(`${fact._tag} ${orderId}`)))
          const fault = all ?? plans.get(name)?.shift()
          return fault === undefined ? act : fault(act)
        })

      const gateway = PaymentGateway.of({
        capture: (request) => call("capture", request.orderId, inner.capture(request)),
        void: (orderId) => call("void", orderId, inner.void(orderId)),
        refund: (request) => call("refund", request.orderId, inner.refund(request)),
        find: inner.find
      })
      const company = Company.of({
        plan: (operation, orderId, ...planned) => void plans.set(`${operation} ${orderId}`, [...planned]),
        everybody: (fault) => void (all = fault),
        account: (orderId) => ({
          captured: done.has(`Captured ${orderId}`),
          refunded: done.has(`Refunded ${orderId}`),
          calls: {
            capture: calls.get(`capture ${orderId}`) ?? 0,
            void: calls.get(`void ${orderId}`) ?? 0,
            refund: calls.get(`refund ${orderId}`) ?? 0
          }
        }),
        calls: () => count
      })
      return Context.make(PaymentGateway, gateway).pipe(Context.add(Company, company))
    })
  ).pipe(Layer.provide(layerMemory))
}
