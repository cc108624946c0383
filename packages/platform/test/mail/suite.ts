import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Fault, type SendingError } from "@flowforge/platform"
import { v7 } from "uuid"

/** A way to send, and how to see what was sent. */
export interface Subject {
  readonly send: (message: { readonly id: string; readonly to: string }) => Effect.Effect<void, SendingError>
  readonly sent: (id: string) => Effect.Effect<number>
  readonly setFault: (fault: Fault | undefined) => void
}

/** What every sender of mail or SMS does. */
export const sendingSuite = <R>(
  name: string,
  options: {
    readonly subject: Effect.Effect<Subject, never, R>
    readonly to: string
    readonly refused: string
    readonly provide: <A, E>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E>
  }
) =>
  describe(name, () => {
    const test = (title: string, body: (subject: Subject, id: string) => Effect.Effect<void, unknown>) =>
      it.live(title, () => options.provide(Effect.flatMap(options.subject, (subject) => body(subject, v7()))))

    test("sends one message", ({ send, sent }, id) =>
      Effect.gen(function* () {
        yield* send({ id, to: options.to })
        assert.strictEqual(yield* sent(id), 1)
      }))

    test("shows every sending of the same id", ({ send, sent }, id) =>
      Effect.gen(function* () {
        for (const _ of [1, 2, 3]) yield* send({ id, to: options.to })
        assert.strictEqual(yield* sent(id), 3)
      }))

    test("refuses an address that is refused, and sends nothing", ({ send, sent }, id) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* Effect.flip(send({ id, to: options.refused })))._tag, "RecipientRefused")
        assert.strictEqual(yield* sent(id), 0)
      }))

    for (const to of [
      "",
      "a b@example.com",
      "a@example.com\r\nBcc: b@example.com",
      "<a@example.com>",
      "ä@example.com"
    ]) {
      test(`refuses ${JSON.stringify(to)}, which is no address`, ({ send, sent }, id) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(send({ id, to })))._tag, "RecipientRefused")
          assert.strictEqual(yield* sent(id), 0)
        }))
    }

    test("sends nothing while it is unavailable, and sends again after", ({ send, sent, setFault }, id) =>
      Effect.gen(function* () {
        setFault("unavailable")
        assert.strictEqual((yield* Effect.flip(send({ id, to: options.to })))._tag, "SendingUnavailable")
        assert.strictEqual(yield* sent(id), 0)
        setFault(undefined)
        yield* send({ id, to: options.to })
        assert.strictEqual(yield* sent(id), 1)
      }))

    test("has sent what is not answered", ({ send, sent, setFault }, id) =>
      Effect.gen(function* () {
        setFault("unanswered")
        assert.strictEqual((yield* Effect.flip(send({ id, to: options.to })))._tag, "SendingOutcomeUnknown")
        assert.strictEqual(yield* sent(id), 1)
      }))
  })
