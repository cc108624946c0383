import type { Fault } from "@flowforge/platform"
import { type Moto, startMoto } from "@flowforge/testkit/moto"
import { faultyProxy } from "@flowforge/testkit/proxy"
import { Effect, Redacted } from "effect"
import type { Subject } from "../mail/suite.ts"

export const SENDER = "orders@flowforge.example"
export const MOTO_CREDENTIALS = { accessKeyId: "flowforge", secretAccessKey: Redacted.make("a secret for tests") }

/** A server of its own that knows the sender. */
export const freshMoto = Effect.fnUntraced(function* (program: string) {
  const moto = yield* startMoto(program)
  yield* moto.verify(SENDER)
  return moto
})

/** What the senders' suite wants to know of a server behind a proxy with faults. */
export const proxiedSubject = Effect.fnUntraced(function* <R>(
  moto: Moto,
  sent: Effect.Effect<ReadonlyArray<string>>,
  build: (url: string) => Effect.Effect<Pick<Subject, "send">, never, R>
) {
  const proxy = yield* faultyProxy(moto.url)
  const { send } = yield* build(proxy.url)
  const setFault = (fault: Fault | undefined) =>
    proxy.setFault(
      fault === undefined ? undefined : fault === "unanswered" ? { kind: "lose" } : { kind: "refuse", status: 503 }
    )
  return {
    send,
    setFault,
    sent: (id: string) => Effect.map(sent, (all) => all.filter((each) => each.includes(id)).length)
  } satisfies Subject
})

/** A proxy before nothing, which only refuses, and how often it was asked. */
export const countOf = Effect.fnUntraced(function* () {
  const proxy = yield* faultyProxy("http://127.0.0.1:9")
  return { proxy, sent: () => proxy.refused() }
})
