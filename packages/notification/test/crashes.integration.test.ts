import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { type OrderId } from "@flowforge/contracts"
import { ObjectStore } from "@flowforge/platform"
import { Deferred, Duration, Effect, Exit, Fiber, Layer, Option, Scope } from "effect"
import { SqlClient } from "effect/sql"
import * as fc from "fast-check"
import { Notifying } from "../src/notifying.ts"
import { Settlements } from "../src/settlements.ts"
import { attempt, type Crash, CRASHES, deliveryOf, layerSteps, newProcess, prepare, startProcess } from "./attempts.ts"
import {
  addItem,
  addOrder,
  addUser,
  announcements,
  cancelled,
  confirmed,
  makeWorld,
  notificationsOf,
  receiptOf,
  type World
} from "./world.ts"

const LIMIT = Duration.seconds(30)

/** Time passes: every claim is older than its limit. */
const grownOld = (orderId: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) => sql`UPDATE notifications SET claimed_at = claimed_at - interval '1 hour' WHERE order_id = ${orderId}`
  )

const giveUpStale = Settlements.use((settlements) => settlements.giveUpStale(LIMIT, 100))

const countsOf = (world: World, orderId: OrderId) => ({
  mails: world.mails.filter(({ text }) => text.includes(orderId)),
  texts: world.texts.filter(({ text }) => text.includes(orderId.slice(-12)))
})

type Services = Layer.Success<typeof layerSteps> | Layer.Success<World["layer"]>

const inWorld = <E>(body: (world: World) => Effect.Effect<void, E, Services>) => {
  const world = makeWorld()
  return Effect.andThen(addItem(1, "Pen"), body(world)).pipe(
    Effect.provide(Layer.provideMerge(layerSteps, world.layer))
  )
}

/** Of somebody with a phone. */
const confirmedOrder = Effect.gen(function* () {
  const user = yield* addUser({ phone: "+491701234567" })
  const order = yield* addOrder(user)
  return { order, event: confirmed(order, user) }
})

describe("a process that dies while it tells a customer", () => {
  const ends: Record<
    Crash,
    { readonly email: string; readonly sms: string; readonly mails: number; readonly texts: number }
  > = {
    "after the claim": { email: "unknown", sms: "unknown", mails: 0, texts: 0 },
    "before the receipt is stored": { email: "unknown", sms: "unknown", mails: 0, texts: 0 },
    "after the receipt is stored": { email: "unknown", sms: "unknown", mails: 0, texts: 0 },
    "before the mail is sent": { email: "unknown", sms: "unknown", mails: 0, texts: 0 },
    "after the mail is sent": { email: "unknown", sms: "unknown", mails: 1, texts: 0 },
    "before the SMS is sent": { email: "unknown", sms: "unknown", mails: 1, texts: 0 },
    "after the SMS is sent": { email: "unknown", sms: "unknown", mails: 1, texts: 1 },
    "before the record": { email: "unknown", sms: "unknown", mails: 1, texts: 1 },
    "after the record": { email: "sent", sms: "sent", mails: 1, texts: 1 }
  }
  for (const crash of CRASHES) {
    it.live(`${crash} is not made up for by a second mail: doubt waits for its time limit, and is shown`, () =>
      inWorld((world) =>
        Effect.gen(function* () {
          const user = yield* addUser({ phone: "+491701234567" })
          const order = yield* addOrder(user)
          const event = confirmed(order, user)
          assert.strictEqual(yield* attempt(world, yield* newProcess, event, crash), "died")
          const other = yield* newProcess
          const before = yield* notificationsOf(order)
          // Another process is asked to do it at once: it must not, as the first may be sending at this moment.
          assert.strictEqual(yield* attempt(world, other, event), crash === "after the record" ? "done" : "failed")
          assert.deepStrictEqual(yield* notificationsOf(order), before)
          yield* grownOld(order)
          assert.strictEqual(yield* attempt(world, other, event), "done")
          assert.strictEqual(yield* attempt(world, other, event), "done")
          const { email, mails, sms, texts } = ends[crash]
          assert.deepStrictEqual(
            (yield* notificationsOf(order)).map(({ status }) => status),
            [email, sms]
          )
          const sent = countsOf(world, order)
          assert.deepStrictEqual([sent.mails.length, sent.texts.length], [mails, texts])
          assert.isDefined(yield* receiptOf(order))
        })
      )
    )
  }
})

/** The moments of a call that is interrupted, and what is known and sent by then. */
const SHUT_DOWN = {
  "before the receipt is stored": { email: "sent", sms: "sent", mails: 1, texts: 1 },
  "after the receipt is stored": { email: "sent", sms: "sent", mails: 1, texts: 1 },
  "before the mail is sent": { email: "unknown", sms: "sent", mails: 0, texts: 1 },
  "after the mail is sent": { email: "unknown", sms: "sent", mails: 1, texts: 1 },
  "before the SMS is sent": { email: "sent", sms: "unknown", mails: 1, texts: 0 },
  "after the SMS is sent": { email: "sent", sms: "unknown", mails: 1, texts: 1 }
} satisfies Partial<Record<Crash, object>>

describe("a process that is shut down while it tells a customer", () => {
  it.live.each(Object.entries(SHUT_DOWN))(
    "%s gives back at once what it had not begun, and nothing that may have been sent",
    ([crash, { email, mails, sms, texts }]) =>
      inWorld((world) =>
        Effect.gen(function* () {
          const user = yield* addUser({ phone: "+491701234567" })
          const order = yield* addOrder(user)
          const event = confirmed(order, user)
          assert.strictEqual(yield* attempt(world, yield* newProcess, event, crash as Crash, true), "died")
          const other = yield* newProcess
          const isDoubtful = [email, sms].includes("unknown")
          assert.strictEqual(yield* attempt(world, other, event), isDoubtful ? "failed" : "done")
          assert.deepStrictEqual(
            (yield* notificationsOf(order)).map(({ status }) => status),
            [email, sms].map((end) => (end === "unknown" ? "claimed" : end))
          )
          yield* grownOld(order)
          assert.strictEqual(yield* attempt(world, other, event), "done")
          assert.deepStrictEqual(
            (yield* notificationsOf(order)).map(({ status }) => status),
            [email, sms]
          )
          const sent = countsOf(world, order)
          assert.deepStrictEqual([sent.mails.length, sent.texts.length], [mails, texts])
        })
      )
  )
})

describe("a process that claimed and sent nothing", () => {
  it.live("gives back what the consumer dropped at once: another may claim it, and the job finds nothing", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const { event, order } = yield* confirmedOrder
        const process = yield* newProcess
        yield* prepare(process, event)
        yield* process.giveBack([deliveryOf(event)])
        assert.deepStrictEqual(yield* notificationsOf(order), [])
        yield* grownOld(order)
        yield* giveUpStale
        assert.strictEqual(yield* attempt(world, yield* newProcess, event), "done")
        const sent = countsOf(world, order)
        assert.deepStrictEqual([sent.mails.length, sent.texts.length], [1, 1])
      })
    )
  )

  it.live("gives back nothing of a call that began, however it is asked", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const { event, order } = yield* confirmedOrder
        const process = yield* newProcess
        assert.strictEqual(yield* attempt(world, process, event, "before the receipt is stored"), "died")
        const before = yield* notificationsOf(order)
        yield* process.giveBack([deliveryOf(event)])
        assert.deepStrictEqual(yield* notificationsOf(order), before)
        assert.lengthOf(before, 2)
      })
    )
  )

  it.live("gives back the rest when it stops, and begins none of it afterwards", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const user = yield* addUser({})
        const [order, other] = [yield* addOrder(user), yield* addOrder(user)]
        const event = confirmed(order, user)
        const [process, plan] = yield* Effect.scoped(
          Effect.gen(function* () {
            const process = yield* startProcess
            yield* prepare(process, cancelled(other, user))
            return [process, (yield* prepare(process, event))[0]] as const
          })
        )
        assert.deepStrictEqual([...(yield* notificationsOf(order)), ...(yield* notificationsOf(other))], [])
        assert.strictEqual((yield* Effect.exit(process.call(deliveryOf(event), plan)))._tag, "Failure")
        assert.strictEqual(world.mails.length, 0)
      })
    )
  )

  it.live("stops in time when the database does not take it back: the claims stay, in doubt", () =>
    inWorld(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const user = yield* addUser({})
        const order = yield* addOrder(user)
        const scope = yield* Scope.make()
        const process = yield* Scope.provide(startProcess, scope)
        yield* prepare(process, confirmed(order, user))
        const locked = yield* Deferred.make<void>()
        const lock = sql`SELECT FROM notifications WHERE order_id = ${order} FOR UPDATE`
        // Busy, or the server would end its session.
        const hold = Effect.andThen(Deferred.succeed(locked, undefined), sql`SELECT pg_sleep(20)`)
        const holder = yield* Effect.forkChild(sql.withTransaction(Effect.andThen(lock, hold)))
        yield* Deferred.await(locked)
        yield* Effect.timeout(Scope.close(scope, Exit.void), "5 seconds")
        yield* Fiber.interrupt(holder)
        assert.deepStrictEqual(
          (yield* notificationsOf(order)).map(({ status }) => status),
          ["claimed"]
        )
      })
    )
  )
})

interface Step {
  readonly crash: Crash | "dropped" | "dropped, and not told" | undefined
  readonly mail: "unavailable" | "unanswered" | undefined
  readonly sms: "unavailable" | "unanswered" | undefined
  readonly objects: boolean
  /** The end of a process that dies: by its own clean-up, or by none. */
  readonly isShutDown: boolean
  readonly next: (typeof NEXT)[number]
}

const NEXT = [
  undefined,
  "time passes",
  "the job runs",
  "time passes, and the job runs",
  "two at once",
  "two processes at once"
] as const

/** Nothing that leaves doubt. */
const calmStep: fc.Arbitrary<Step> = fc.record({
  crash: fc.constantFrom(undefined, "dropped", "dropped, and not told"),
  mail: fc.constantFrom(undefined, "unavailable"),
  sms: fc.constantFrom(undefined, "unavailable"),
  objects: fc.boolean(),
  isShutDown: fc.constant(false),
  next: fc.constantFrom(...NEXT)
})

const anyStep: fc.Arbitrary<Step> = fc.record({
  crash: fc.constantFrom(undefined, undefined, undefined, "dropped", "dropped, and not told", ...CRASHES),
  mail: fc.constantFrom(undefined, undefined, "unavailable", "unanswered"),
  sms: fc.constantFrom(undefined, undefined, "unavailable", "unanswered"),
  objects: fc.constantFrom(false, false, true),
  isShutDown: fc.boolean(),
  next: fc.constantFrom(...NEXT)
})

const story = fc.record({
  end: fc.constantFrom("confirmed" as const, "cancelled" as const),
  email: fc.constantFrom("anna@example.com", "anna@example.com", "anna@refused.example"),
  phone: fc.constantFrom(undefined, "+491701234567", "+9991234"),
  steps: fc.oneof(fc.array(calmStep, { maxLength: 6 }), fc.array(anyStep, { maxLength: 6 }))
})

describe("whatever happens while a customer is told", () => {
  it.live(
    "each notification has one end that is true, is sent at most once, and is announced once",
    () =>
      inWorld((world) =>
        Effect.gen(function* () {
          const services = yield* Effect.context<Services>()
          const holds = ({ email, end, phone, steps }: typeof story extends fc.Arbitrary<infer A> ? A : never) =>
            Effect.gen(function* () {
              const user = yield* addUser(phone === undefined ? { email } : { email, phone })
              const order = yield* addOrder(user, end === "confirmed" ? "CONFIRMED" : "CANCELLED")
              const event = end === "confirmed" ? confirmed(order, user) : cancelled(order, user)
              let process = yield* newProcess
              for (const { crash, isShutDown, mail, next, objects, sms } of steps) {
                world.faults = { mail, sms, objects }
                if (crash === "dropped" || crash === "dropped, and not told") {
                  yield* prepare(process, event)
                  if (crash === "dropped") yield* process.giveBack([deliveryOf(event)])
                } else if ((yield* attempt(world, process, event, crash, isShutDown)) === "died")
                  process = yield* newProcess
                if (next?.startsWith("time passes")) yield* grownOld(order)
                if (next?.endsWith("the job runs")) yield* giveUpStale
                if (next?.startsWith("two")) {
                  const other = next === "two at once" ? process : yield* newProcess
                  const both = [attempt(world, process, event), attempt(world, other, event)]
                  yield* Effect.all(both, { concurrency: 2 })
                }
              }
              world.faults = { mail: undefined, sms: undefined, objects: false }
              if ((yield* attempt(world, process, event)) === "failed") {
                yield* grownOld(order)
                yield* giveUpStale
                assert.strictEqual(yield* attempt(world, process, event), "done")
              }

              const rows = yield* notificationsOf(order)
              const sent = countsOf(world, order)
              assert.deepStrictEqual(
                rows.map(({ kind }) => kind),
                phone === undefined ? [`${end}_email`] : [`${end}_email`, `${end}_sms`]
              )
              // A drop alone leaves no doubt: its process knows that it sent nothing, and if it is not told, it says so when
              // the event comes again, unless the job was there before.
              const mayBeDoubtful = steps.some(
                ({ crash, mail, next, sms }) =>
                  (crash !== undefined && !crash.startsWith("dropped")) ||
                  (crash === "dropped, and not told" && next === "time passes, and the job runs") ||
                  mail === "unanswered" ||
                  sms === "unanswered"
              )
              for (const { id, kind, status } of rows) {
                const [messages, to] = kind.endsWith("sms") ? [sent.texts, phone!] : [sent.mails, email]
                assert.isAtMost(messages.length, 1)
                if (status === "sent")
                  assert.deepStrictEqual(
                    messages.map((message) => message.id),
                    [id]
                  )
                if (status === "failed") assert.strictEqual(messages.length, 0)
                const isRefused = to.includes("refused") || to.startsWith("+999")
                if (!mayBeDoubtful) assert.strictEqual(status, isRefused ? "failed" : "sent")
                assert.include(["sent", "failed", "unknown"], status)
              }
              assert.deepStrictEqual(
                (yield* announcements(order)).map((said) => `${said.notification_id} ${said.status}`).toSorted(),
                rows.map(({ id, status }) => `${id} ${status}`).toSorted()
              )
              const receipt = yield* receiptOf(order)
              if (end === "cancelled") return assert.isUndefined(receipt)
              const body = Option.getOrThrow(yield* ObjectStore.use((store) => store.get(receipt!.object_key)))
              assert.deepStrictEqual(createHash("sha256").update(body).digest(), Buffer.from(receipt!.sha256))
            })
          yield* Effect.promise(() =>
            fc.assert(
              fc.asyncProperty(story, (each) => Effect.runPromise(Effect.provideContext(holds(each), services))),
              { numRuns: 60 }
            )
          )
        })
      ),
    120_000
  )

  it.live("two events about one order in one batch, its id in two cases, claim once and send once", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const notifying = yield* Notifying
        const sql = yield* SqlClient.SqlClient
        const user = yield* addUser({ phone: "+491701234567" })
        const order = yield* addOrder(user)
        const deliveries = [confirmed(order, user), confirmed(order.toUpperCase() as OrderId, user)].map(deliveryOf)
        const plans = yield* sql.withTransaction(notifying.prepareConfirmed(deliveries))
        const exits = yield* Effect.forEach(deliveries, (delivery, n) =>
          Effect.exit(notifying.call(delivery, plans[n]))
        )
        assert.deepStrictEqual(exits.map(({ _tag }) => _tag).toSorted(), ["Failure", "Success"])
        const sent = countsOf(world, order)
        assert.deepStrictEqual([sent.mails.length, sent.texts.length], [1, 1])
      })
    )
  )
})
