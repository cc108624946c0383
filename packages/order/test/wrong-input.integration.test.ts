import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { type Answer, Http, json, placeOver, request, type Send } from "./http.ts"
import { layerDatabase, rows, user } from "./orders.ts"

/** Appears in requests only where the answer must not repeat it. */
const SECRET = "hunter2-secret"
const CARD = "4242 4242 4242 4242"

const line = (item_id: unknown, quantity: unknown) => ({ items: [{ item_id, quantity }] })
const paying = (payment_info: unknown) => ({ payment_info })
const times = <A>(count: number, make: (n: number) => A) => Array.from({ length: count }, (_, n) => make(n))

type Wrong = readonly [
  what: string,
  status: number,
  /** `errors[].field`, all of them. */
  fields: ReadonlyArray<string>,
  send: (http: Send) => Effect.Effect<Answer>
]

const posting = (
  what: string,
  fields: ReadonlyArray<string>,
  changes: Readonly<Record<string, unknown>>,
  headers?: Readonly<Record<string, string>>
): Wrong => [what, 400, fields, (http) => placeOver(http, changes, headers)]

const posted = (what: string, status: number, fields: ReadonlyArray<string>, init: RequestInit): Wrong => [
  what,
  status,
  fields,
  (http) => http("POST", "/orders", init)
]

const asking = (what: string, status: number, fields: ReadonlyArray<string>, path: string): Wrong => [
  what,
  status,
  fields,
  (http) => http("GET", path)
]

const without = (field: string) => {
  const { [field]: _, ...rest } = request() as Record<string, unknown>
  return json(rest)
}

/** A body that says nothing of its length before it comes. */
const streamed = (body: string): RequestInit => ({
  headers: { "content-type": "application/json" },
  duplex: "half",
  body: new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(body))
      controller.close()
    }
  })
})

const huge = JSON.stringify(request({ filler: "x".repeat(70_000) }))
const unknownOrder = "/orders/019ab1f0-5c00-7a3e-9c1d-2f4b6a8c0d1e"
const encoded = (text: string) => Buffer.from(text).toString("base64url")

const wrong: ReadonlyArray<Wrong> = [
  posting("an unknown item", ["items[0].item_id"], line(999, 1)),
  posting("two unknown items among others", ["items[1].item_id", "items[2].item_id"], {
    items: [1, 998, 999, 2].map((item_id) => ({ item_id, quantity: 1 }))
  }),
  posting("an item and a customer that are unknown", ["user_id", "items[0].item_id"], {
    ...line(999, 1),
    user_id: user(999)
  }),
  posting("the item 0", ["items[0].item_id"], line(0, 1)),
  posting("half an item", ["items[0].item_id"], line(1.5, 1)),
  posting("an item beyond every id", ["items[0].item_id"], line(2_147_483_648, 1)),
  posting("an item by name", ["items[0].item_id"], line(SECRET, 1)),
  posting("an unknown customer", ["user_id"], { user_id: user(999) }),
  posting("a customer that is no UUID", ["user_id"], { user_id: SECRET }),
  posting("a customer that is a number", ["user_id"], { user_id: 7 }),
  posting("none of an item", ["items[0].quantity"], line(1, 0)),
  posting("a thousand million of an item", ["items[0].quantity"], line(1, 1e9)),
  posting("less than none of an item", ["items[0].quantity"], line(1, -1)),
  posting("a half of an item", ["items[0].quantity"], line(1, 0.5)),
  posting("how many in letters", ["items[0].quantity"], line(1, "2")),
  posting("how many is nothing", ["items[0].quantity"], line(1, null)),
  posting("more of an item than allowed", ["items[0].quantity"], line(1, 1001)),
  posting("more of an item than allowed, in two lines", ["items[2].quantity"], {
    items: [
      { item_id: 1, quantity: 600 },
      { item_id: 2, quantity: 600 },
      { item_id: 1, quantity: 401 }
    ]
  }),
  posting("a cent more than an order may cost", ["items"], {
    items: [
      { item_id: 4, quantity: 1000 },
      { item_id: 5, quantity: 1 }
    ]
  }),
  posting("101 lines", ["items"], { items: times(101, () => ({ item_id: 1, quantity: 1 })) }),
  posting("no lines", ["items"], { items: [] }),
  posting("lines that are no list", ["items"], { items: SECRET }),
  posting("a line that is no line", ["items[0]"], { items: [SECRET] }),
  posting("an empty line", ["items[0].item_id"], { items: [{ quantity: 1 }] }),
  posting("a line that does not say how many", ["items[0].quantity"], { items: [{ item_id: 1 }] }),
  posting("a card number for a token", ["payment_info.token"], paying({ method: "card", token: CARD })),
  posting(
    "a card number within a method",
    ["payment_info.method"],
    paying({ method: `card ${CARD}`, token: "tok_ok" })
  ),
  posting("no token", ["payment_info.token"], paying({ method: "card" })),
  posting("an empty token", ["payment_info.token"], paying({ method: "card", token: "" })),
  posting("a token without end", ["payment_info.token"], paying({ method: "card", token: SECRET.repeat(20) })),
  posting("U+0000 in a token", ["payment_info.token"], paying({ method: "card", token: `${SECRET}\u0000` })),
  posting("U+0000 in a method", ["payment_info.method"], paying({ method: `${SECRET}\u0000`, token: "tok_ok" })),
  posting("a token that is an object", ["payment_info.token"], paying({ method: "card", token: { SECRET } })),
  posting("a payment that is text", ["payment_info"], paying(SECRET)),
  posting("a card number for an Idempotency-Key", ["idempotency-key"], {}, { "idempotency-key": CARD }),
  ...["4242_4242_4242_4242", "4242/4242/4242/4242", "４２４２４２４２４２４２４２４２", "tok_4242424242424242"].map(
    (token) =>
      posting(`the card number ${token} for a token`, ["payment_info.token"], paying({ method: "card", token }))
  ),
  posting(
    "a card number within an Idempotency-Key",
    ["idempotency-key"],
    {},
    { "idempotency-key": "order-4242-4242-4242-4242" }
  ),
  posting("a card number in fields that nobody knows", ["payment_info.card_number", "note"], {
    ...paying({ method: "card", token: "tok_ok", card_number: 4_242_424_242_424_242 }),
    note: `card ${CARD}`
  }),
  posting("a card number deep in a field that nobody knows", ["items[0].extra[1].at"], {
    items: [{ item_id: 1, quantity: 1, extra: [1, { at: CARD }] }]
  }),
  posting("a card number for the name of a field", ["extra"], { extra: { [CARD]: 1 } }),
  posted("a card number beneath more lists than a stack is deep", 400, [`deep${"[0]".repeat(100)}`.slice(0, 200)], {
    ...json(JSON.stringify(request()).replace("{", `{"deep":${"[".repeat(30_000)}"${CARD}"${"]".repeat(30_000)},`))
  }),
  posting("an Idempotency-Key without end", ["idempotency-key"], {}, { "idempotency-key": SECRET.repeat(20) }),
  posting("an empty Idempotency-Key", ["idempotency-key"], {}, { "idempotency-key": "" }),
  posted("no customer", 400, ["user_id"], without("user_id")),
  posted("no items", 400, ["items"], without("items")),
  posted("no payment", 400, ["payment_info"], without("payment_info")),
  posted("an empty object", 400, ["user_id", "items", "payment_info"], json({})),
  posted("null", 400, ["body"], json("null")),
  posted("a list", 400, ["body"], json([request()])),
  posted("a text", 400, ["body"], json(JSON.stringify(SECRET))),
  posted("what is no JSON", 400, ["body"], json(`{"user_id": "${SECRET}"`)),
  posted("no body at all", 400, ["body"], { headers: { "content-type": "application/json" } }),
  posted("a body over 64 KB", 413, ["body"], json(huge)),
  posted("a body over 64 KB of unknown length", 413, ["body"], streamed(huge)),
  posted("another kind of body", 415, ["content-type"], {
    body: JSON.stringify(request()),
    headers: { "content-type": "text/plain" }
  }),
  posted("a form", 415, ["content-type"], { body: new URLSearchParams({ user_id: user(1) }) }),
  asking("an order that is no UUID", 400, ["order_id"], `/orders/${SECRET}`),
  asking("the status of an order that is no UUID", 400, ["order_id"], `/orders/${SECRET}/status`),
  asking("an order that never was", 404, [], unknownOrder),
  asking("the status of an order that never was", 404, [], `${unknownOrder}/status`),
  asking("the orders of what is no UUID", 400, ["user_id"], `/orders/user/${SECRET}`),
  asking("a page of none", 400, ["limit"], "/orders?limit=0"),
  asking("a page of 101", 400, ["limit"], "/orders?limit=101"),
  asking("a page of some", 400, ["limit"], `/orders?limit=${SECRET}`),
  asking("a page of a half", 400, ["limit"], "/orders?limit=1.5"),
  asking("a page of nothing said", 400, ["limit"], "/orders?limit="),
  asking("a page of two limits", 400, ["limit"], "/orders?limit=1&limit=2"),
  asking("a cursor that never was", 400, ["cursor"], `/orders?cursor=${encoded(SECRET)}`),
  asking("a cursor that is no cursor", 400, ["cursor"], `/orders?cursor=%00%FF`),
  asking("a customer's page with a cursor that never was", 400, ["cursor"], `/orders/user/${user(1)}?cursor=${SECRET}`),
  asking("an unknown status", 400, ["status"], `/orders?status=${SECRET}`),
  asking("a status in small letters", 400, ["status"], "/orders?status=pending"),
  asking("an unknown address", 404, [], `/${SECRET}`),
  asking("an address that is no text", 404, [], "/%E0%A4%A"),
  asking("an order whose id is no text", 404, [], "/orders/%E0%A4%A"),
  ["the cancellation of what is no UUID", 400, ["order_id"], (http) => http("POST", `/orders/${SECRET}/cancel`)],
  ["the cancellation of an order that never was", 404, [], (http) => http("POST", `${unknownOrder}/cancel`)]
]

layer(Http.layer.pipe(Layer.provideMerge(layerDatabase)), { excludeTestServices: true })("wrong input", (it) => {
  it.effect("is told from right input by these tests: the request they start from is accepted", () =>
    Effect.gen(function* () {
      const http = yield* Http
      assert.strictEqual((yield* placeOver(http)).status, 202)
      assert.strictEqual((yield* http("POST", "/order", json(request()))).status, 202)
    })
  )

  for (const [what, status, fields, send] of wrong) {
    it.effect(`answers ${status} to ${what}, and leaves nothing`, () =>
      Effect.gen(function* () {
        const before = yield* rows
        const answer = yield* send(yield* Http)
        assert.strictEqual(answer.status, status, answer.text)
        assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
        assert.strictEqual(answer.body.status, status)
        assert.deepStrictEqual(
          (answer.body.errors ?? []).map(({ field }: { field: string }) => field),
          fields
        )
        assert.notInclude(answer.text, SECRET)
        assert.notMatch(answer.text, /4242/u)
        assert.deepStrictEqual(yield* rows, before)
      })
    )
  }

  for (const [what, send, message] of [
    ["null", (http) => http("POST", "/orders", json("null")), "must be a JSON object"],
    ["no body", (http) => http("POST", "/orders", json("")), "must be a JSON object"],
    [
      "an empty token",
      (http) => placeOver(http, paying({ method: "card", token: "" })),
      "must have 1 to 200 characters"
    ],
    ["how many in letters", (http) => placeOver(http, line(1, "2")), "must be a whole number from 1 to 1000"],
    ["a page of abc", (http) => http("GET", "/orders?limit=abc"), "must be a whole number from 1 to 100"],
    ["an unknown status", (http) => http("GET", "/orders?status=x"), 'must be "PENDING" or "CONFIRMED" or "CANCELLED"']
  ] satisfies ReadonlyArray<readonly [string, Wrong[3], string]>) {
    it.effect(`answers to ${what} that it ${message}`, () =>
      Effect.gen(function* () {
        const { body } = yield* send(yield* Http)
        assert.deepStrictEqual(
          body.errors.map((error: { message: string }) => error.message),
          [message]
        )
      })
    )
  }

  for (const [method, path, allow] of [
    ["DELETE", "/orders", "POST, GET, HEAD"],
    ["PUT", "/order", "POST"],
    ["POST", unknownOrder, "GET, HEAD"],
    ["GET", `${unknownOrder}/cancel`, "POST"],
    ["PATCH", `/orders/user/${user(1)}`, "GET, HEAD"]
  ] as const) {
    it.effect(`answers 405 to ${method} ${path}, and says what is allowed`, () =>
      Effect.gen(function* () {
        const answer = yield* (yield* Http)(method, path)
        assert.strictEqual(answer.status, 405)
        assert.strictEqual(answer.headers.get("allow"), allow)
        assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      })
    )
  }
})
