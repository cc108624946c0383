import { assert, describe, it } from "@effect/vitest"
import { redact, redactText } from "@flowforge/platform/telemetry"
import { Redacted } from "effect"
import * as fc from "fast-check"

const digit = fc.integer({ min: 0, max: 9 }).map(String)

/** 16 digits that are a card's, as people write them: a space or a dash anywhere between. */
const cardNumber = fc
  .tuple(
    fc.constantFrom("4111111111111111", "5555555555554444", "6011000990139424"),
    fc.array(fc.constantFrom("", "", " ", "-", "/", "_", " - "), { minLength: 15, maxLength: 15 })
  )
  .map(([digits, gaps]) => [...digits].map((digit, n) => digit + (gaps[n] ?? "")).join(""))

/** UUIDs of any version, and those of digits only. */
const uuid = fc.oneof(
  fc.uuid(),
  fc
    .array(digit, { minLength: 32, maxLength: 32 })
    .map((digits) => digits.join("").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, "$1-$2-$3-$4-$5"))
)

const time = fc.date({
  min: new Date("2001-09-10T00:00:00Z"),
  max: new Date("2033-01-01T00:00:00Z"),
  noInvalidDate: true
})

const around = fc.constantFrom("", " ", ": ", '"', "'", "(", "card=", "card: ", "\n")

describe("redact", () => {
  it("hides every card number, in whatever grouping and wherever it stands", () => {
    fc.assert(
      fc.property(cardNumber, around, around, (card, before, after) => {
        const end = /^\w/u.test(after) ? ` ${after}` : after
        for (const shown of [
          redactText(`${before}${card}${end}`),
          JSON.stringify(redact({ a: [{ b: `${before}${card}${end}` }] })),
          String(redact(new Error(`declined ${card}`))),
          JSON.stringify(redact(new Map([[card, new Set([card])]])))
        ]) {
          assert.notInclude(shown.replace(/\D/gu, ""), card.replace(/\D/gu, ""))
          assert.include(shown, "[card]")
        }
      })
    )
  })

  it("hides a card number in full-width digits, and in a word", () => {
    assert.strictEqual(redactText("paid ４１１１ １１１１ １１１１ １１１１ … today"), "paid [card] … today")
    assert.strictEqual(redactText("order_4111111111111111x"), "order_[card]x")
  })

  it("hides a card number that is a number", () => {
    assert.deepStrictEqual(redact({ a: 4111111111111111, b: 5500005555555559n }), { a: "[card]", b: "[card]" })
  })

  it("leaves UUIDs, times and traces as they are", () => {
    fc.assert(
      fc.property(uuid, time, (id, at) => {
        const millis = at.getTime()
        const trace = `00-${id.replaceAll("-", "")}-${id.replaceAll("-", "").slice(0, 16)}-01`
        for (const text of [id, `order ${id} at ${at.toISOString()}`, `${millis} ${millis}000000`, trace]) {
          assert.strictEqual(redactText(text), text)
        }
        assert.deepStrictEqual(redact({ id, millis, at }), { id, millis, at: at.toISOString() })
      })
    )
  })

  it("leaves ordinary words, amounts and numbers as they are", () => {
    for (const text of [
      "took the lock",
      "took 123 ms for 45 of 678 orders",
      "12.34 and 0.4111111111111111",
      "POST /orders 202",
      "http://localhost:8080/orders?user=anna@example.com",
      "anna@example.com"
    ]) {
      assert.strictEqual(redactText(text), text)
    }
  })

  it.each([
    ["a URL's password", "postgres://anna:s3cr3t@db:5432/flowforge"],
    ["a URL's password without a user", "redis://:s3cr3t@cache:6379"],
    ["a URL's password with an @", "postgres://anna:x@s3cr3t@db/flowforge"],
    ["two URLs' passwords", "a://u:s3cr3t@h1,b://u:s3cr3t@h2"],
    ["a bearer token", "refused: Bearer eyJhbGciOi.s3cr3t.x"],
    ["a header", "Authorization: Bearer s3cr3t"],
    ["a token in JSON text", '{"payment_info":{"method":"card","token":"s3cr3t"}}'],
    ["a password in a query", "/login?password=s3cr3t&next=1"],
    ["an address' signature", "/objects/a.html?expires=1&signature=s3cr3t"],
    ["a payment token", "the gateway refused tok_s3cr3t twice"]
  ])("hides %s", (_, text) => {
    assert.notInclude(redactText(text), "s3cr3t")
  })

  it("hides values by their name, however deep", () => {
    const secret = "s3cr3t"
    const names = [
      "token",
      "Password",
      "client_secret",
      "authorization",
      "Set-Cookie",
      "apiKey",
      "api-key",
      "signature"
    ]
    const value = { deep: [{ list: names.map((name) => ({ [name]: secret, nested: { [name]: { inner: secret } } })) }] }
    const shown = JSON.stringify(redact(value))
    assert.notInclude(shown, secret)
    for (const name of names) assert.include(shown, name)
  })

  it("hides what an error or a redacted value carries", () => {
    const error = new Error("no connection to postgres://a:s3cr3t@db", { cause: Redacted.make("s3cr3t") })
    assert.notInclude(JSON.stringify(redact({ error, value: Redacted.make("s3cr3t") })), "s3cr3t")
  })

  it("never fails and stays small, whatever it is given", () => {
    const circular: Record<string, unknown> = { name: "a" }
    circular["self"] = circular
    assert.deepStrictEqual(redact(circular), { name: "a", self: "[circular]" })
    const wide = Object.fromEntries(
      Array.from({ length: 200 }, (_, n) => [`n${n}`, Array.from({ length: 200 }, String)])
    )
    assert.isBelow(JSON.stringify(redact(wide)).length, 20_000)
    assert.isBelow(redactText("x".repeat(1_000_000)).length, 9_000)
    class Hostile {
      toString(): string {
        throw new Error("no text")
      }
    }
    fc.assert(
      fc.property(
        fc.anything({
          withNullPrototype: true,
          withMap: true,
          withSet: true,
          withBigInt: true,
          withDate: true,
          withTypedArray: true,
          maxDepth: 8
        }),
        (value) => {
          JSON.stringify(redact([value, new Hostile()]))
        }
      )
    )
  })

  it("cuts no secret in two", () => {
    for (let length = 8_170; length <= 8_192; length++) {
      assert.notInclude(redactText(`${"x".repeat(length - 1)} 4111111111111111 and more`), "411")
      assert.notInclude(redactText(`${"x".repeat(length - 1)} redis://:s3cr3t@cache`), "s3c")
    }
  })

  it("takes a time that grows with the length only", () => {
    const took = (text: string) => {
      const startedAt = performance.now()
      redactText(text)
      return performance.now() - startedAt
    }
    for (const part of ["a.", "token ", "1 ", "a://", "password=", "1-2-", "Bearer ", "[]:@"]) {
      assert.isBelow(took(part.repeat(100_000)), 200, part)
    }
  })
})
