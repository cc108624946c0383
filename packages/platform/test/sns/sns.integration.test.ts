import { assert, describe, it } from "@effect/vitest"
import { SmsSender } from "@flowforge/platform"
import { layerSns } from "@flowforge/platform/sns"
import { recordingTracer } from "@flowforge/testkit"
import { findMoto, MOTO_MISSING } from "@flowforge/testkit/moto"
import { Duration, Effect, Layer } from "effect"
import { v7 } from "uuid"
import { countOf, freshMoto, MOTO_CREDENTIALS, proxiedSubject } from "../aws/moto.ts"
import { sendingSuite } from "../mail/suite.ts"

const program = await Effect.runPromise(findMoto)

const sns = (endpoint: string) => layerSns({ endpoint, region: "eu-west-1", credentials: MOTO_CREDENTIALS })

const send = (id: string, to = "+491701234567") =>
  SmsSender.use((sender) => sender.send({ id, to, text: `Your order (${id})` }))

describe.skipIf(program === undefined)(`on SNS${program === undefined ? ` (${MOTO_MISSING})` : ""}`, () => {
  sendingSuite("SMS by SNS", {
    to: "+491701234567",
    refused: "+0991234",
    provide: Effect.scoped,
    subject: Effect.gen(function* () {
      const moto = yield* freshMoto(program!)
      return yield* proxiedSubject(moto, moto.texts, (url) =>
        Effect.map(Layer.build(sns(url)), (services) => ({
          send: ({ id, to }) => Effect.provide(send(id, to), services)
        }))
      )
    })
  })

  it.live("each call has a span of its own, where something is traced at all", () =>
    Effect.gen(function* () {
      const moto = yield* freshMoto(program!)
      const { layer, spans } = recordingTracer()
      yield* Effect.gen(function* () {
        yield* send(v7())
        yield* Effect.withTracerEnabled(send(v7()), false)
      }).pipe(Effect.provide([sns(moto.url), layer]))
      assert.deepStrictEqual(
        spans.map(({ kind, name }) => `${kind} ${name}`),
        ["client SNS.Publish"]
      )
    })
  )

  it.live("a frozen server leaves the outcome unknown within 4 s; one that is gone is unavailable", () =>
    Effect.gen(function* () {
      const moto = yield* freshMoto(program!)
      yield* Effect.gen(function* () {
        yield* moto.freeze
        const [took, frozen] = yield* Effect.timed(Effect.flip(send(v7())))
        assert.strictEqual(frozen._tag, "SendingOutcomeUnknown")
        assert.isBelow(Duration.toMillis(took), 4500)
        yield* moto.kill
        assert.strictEqual((yield* Effect.flip(send(v7())))._tag, "SendingUnavailable")
      }).pipe(Effect.provide(sns(moto.url)))
    })
  )

  for (const [status, code, tag, message = "as told"] of [
    [429, "Throttling", "SendingUnavailable"],
    [403, "InvalidClientTokenId", "SendingUnavailable"],
    [500, "InternalError", "SendingUnavailable"],
    [504, "GatewayTimeout", "SendingOutcomeUnknown"],
    [
      400,
      "InvalidParameter",
      "RecipientRefused",
      "Invalid parameter: PhoneNumber Reason: +49 is not valid to publish to"
    ],
    [400, "InvalidParameter", "SendingUnavailable", "Invalid parameter: Message too long"],
    [400, "InvalidParameterValue", "SendingUnavailable", "The message attribute 'AWS.SNS.SMS.SenderID' is invalid"],
    [400, "OptedOut", "RecipientRefused"]
  ] as const) {
    it.live(`${status} ${code} (${message}) is ${tag}, after one call`, () =>
      Effect.gen(function* () {
        const { proxy, sent } = yield* countOf()
        proxy.setFault({
          kind: "refuse",
          status,
          headers: { "content-type": "text/xml" },
          body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
        })
        assert.strictEqual((yield* Effect.flip(Effect.provide(send(v7()), sns(proxy.url))))._tag, tag)
        assert.strictEqual(sent(), 1)
      })
    )
  }
})
