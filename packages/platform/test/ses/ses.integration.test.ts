import { assert, describe, it } from "@effect/vitest"
import { Mailer } from "@flowforge/platform"
import { layerSes, type SesOptions } from "@flowforge/platform/ses"
import { recordingTracer } from "@flowforge/testkit"
import { findMoto, MOTO_MISSING } from "@flowforge/testkit/moto"
import { Duration, Effect, Layer } from "effect"
import { v7 } from "uuid"
import { countOf, freshMoto, MOTO_CREDENTIALS, proxiedSubject, SENDER } from "../aws/moto.ts"
import { sendingSuite } from "../mail/suite.ts"

const program = await Effect.runPromise(findMoto)

const ses = (endpoint: string, options: Partial<SesOptions> = {}) =>
  layerSes({ endpoint, region: "eu-west-1", from: SENDER, credentials: MOTO_CREDENTIALS, ...options })

const send = (id: string, to = "anna@example.com") =>
  Mailer.use((mailer) =>
    mailer.send({ id, to, toName: "Łukasz", subject: "Your order 北京", text: "text", html: "<p>html</p>" })
  )

describe.skipIf(program === undefined)(`on SES${program === undefined ? ` (${MOTO_MISSING})` : ""}`, () => {
  sendingSuite("mail by SES", {
    to: "anna@example.com",
    // One that only the server finds fault with.
    refused: "anna@@example.com",
    provide: Effect.scoped,
    subject: Effect.gen(function* () {
      const moto = yield* freshMoto(program!)
      return yield* proxiedSubject(moto, moto.mails, (url) =>
        Effect.map(Layer.build(ses(url)), (services) => ({
          send: ({ id, to }) => Effect.provide(send(id, to), services)
        }))
      )
    })
  })

  it.live("mails go out whole: text and HTML, names of any alphabet", () =>
    Effect.gen(function* () {
      const moto = yield* freshMoto(program!)
      const id = v7()
      const { layer, spans } = recordingTracer()
      yield* Effect.provide(send(id), [ses(moto.url), layer])
      assert.deepStrictEqual(
        spans.map(({ kind, name }) => `${kind} ${name}`),
        ["client SESv2.SendEmail"]
      )
      const [mail = ""] = yield* moto.mails
      assert.include(mail, "Content-Type: text/plain")
      assert.include(mail, "<p>html</p>")
      assert.include(mail, `From: ${SENDER}`)
      assert.include(mail, `Message-ID: <${id}@`)
    })
  )

  it.live("a sender that SES does not know is a matter of an operator: it waits", () =>
    Effect.gen(function* () {
      const moto = yield* freshMoto(program!)
      const stranger = ses(moto.url, { from: "stranger@elsewhere.example" })
      const error = yield* Effect.flip(Effect.provide(send(v7()), stranger))
      assert.strictEqual(error._tag, "SendingUnavailable")
      assert.include(error.reason, "stranger@elsewhere.example")
    })
  )

  it.live("nobody listening is unavailable at once; a frozen server leaves the outcome unknown within 4 s", () =>
    Effect.gen(function* () {
      const moto = yield* freshMoto(program!)
      yield* Effect.gen(function* () {
        yield* send(v7())
        yield* moto.freeze
        const [took, frozen] = yield* Effect.timed(Effect.flip(send(v7())))
        assert.strictEqual(frozen._tag, "SendingOutcomeUnknown")
        assert.isBelow(Duration.toMillis(took), 4500)
        yield* moto.kill
        const [tookRefused, refused] = yield* Effect.timed(Effect.flip(send(v7())))
        assert.notStrictEqual(refused._tag, "RecipientRefused")
        assert.isBelow(Duration.toMillis(tookRefused), 1500)
        assert.strictEqual((yield* Effect.flip(send(v7())))._tag, "SendingUnavailable")
      }).pipe(Effect.provide(ses(moto.url)))
    })
  )

  for (const [status, name, tag, message = "as told"] of [
    [429, "TooManyRequestsException", "SendingUnavailable"],
    [400, "SendingPausedException", "SendingUnavailable"],
    [403, "InvalidClientTokenId", "SendingUnavailable"],
    [403, "SignatureDoesNotMatch", "SendingUnavailable"],
    [500, "InternalFailure", "SendingUnavailable"],
    [503, "ServiceUnavailable", "SendingUnavailable"],
    [504, "GatewayTimeout", "SendingOutcomeUnknown"],
    [400, "MessageRejected", "SendingUnavailable", "Email address is not verified. The following identities failed"],
    [400, "MessageRejected", "SendingUnavailable", "Transaction failed: Expected disposition"],
    [400, "MessageRejected", "RecipientRefused", "Address blacklisted."],
    [400, "BadRequestException", "SendingUnavailable", "Configuration set name is not valid."],
    [400, "BadRequestException", "SendingUnavailable", `Invalid email address ${SENDER}.`],
    [400, "BadRequestException", "RecipientRefused", "Invalid email address anna@example."],
    [400, "BadRequestException", "RecipientRefused", "Missing final '@domain'"],
    [400, "InvalidParameterValue", "SendingUnavailable", "Duplicate tag names"],
    [400, "InvalidParameterValue", "RecipientRefused", "Domain contains dot-dot"],
    [404, "NotFoundException", "SendingUnavailable", "Configuration set <orders> does not exist."]
  ] as const) {
    it.live(`${status} ${name} (${message}) is ${tag}, after one call`, () =>
      Effect.gen(function* () {
        const { proxy, sent } = yield* countOf()
        proxy.setFault({
          kind: "refuse",
          status,
          headers: { "content-type": "application/json", "x-amzn-errortype": name },
          body: JSON.stringify({ message })
        })
        assert.strictEqual((yield* Effect.flip(Effect.provide(send(v7()), ses(proxy.url))))._tag, tag)
        assert.strictEqual(sent(), 1)
      })
    )
  }
})
