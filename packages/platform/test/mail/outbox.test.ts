import { mkdir, writeFile } from "node:fs/promises"
import { linkSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { layerMailRoutes, type Mail, Mailer, type Sms, SmsSender } from "@flowforge/platform"
import { Context, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { HttpRouter, HttpServer } from "effect/http"
import { v7 } from "uuid"
import { temporaryFolder } from "../temporary-folder.ts"

const START = Date.UTC(2026, 10, 24, 9, 58)
const MINUTE = 60_000

/** An outbox folder, and its routes as a client sees them. */
const outbox = Effect.gen(function* () {
  const folder = join(yield* temporaryFolder, "mail")
  const senders = yield* Layer.build(
    Layer.mergeAll(Mailer.layerOutboxFolder({ folder }), SmsSender.layerOutboxFolder({ folder }))
  )
  const { dispose, handler } = HttpRouter.toWebHandler(
    layerMailRoutes({ folder }).pipe(Layer.provide(HttpServer.layerServices)),
    { disableLogger: true }
  )
  yield* Effect.addFinalizer(() => Effect.promise(dispose))
  yield* TestClock.setTime(START)
  const get = (path: string, accept = "application/json") =>
    Effect.promise(async () => {
      const request = new Request(`http://management${path}`, { headers: { accept } })
      const response = await handler(request, Context.empty() as never)
      return { status: response.status, headers: response.headers, text: await response.text() }
    })
  return {
    folder,
    get,
    list: (query = "") => Effect.map(get(`/outbox${query}`), ({ text }) => JSON.parse(text) as Listing),
    read: (path: string) => get(path, "text/html"),
    mail: (mail: Partial<Mail>) =>
      Context.get(senders, Mailer).send({ id: v7(), to: "anna@example.com", subject: "", text: "", html: "", ...mail }),
    sms: (sms: Omit<Sms, "id">) => Context.get(senders, SmsSender).send({ id: v7(), ...sms })
  }
})

interface Listing {
  readonly messages: ReadonlyArray<{
    kind: string
    to: string
    subject: string
    sent_at: string
    links: { self: string }
  }>
  readonly next_cursor?: string
}

const inOutbox = (title: string, body: (box: Effect.Success<typeof outbox>) => Effect.Effect<void, unknown>) =>
  it.effect(title, () => Effect.scoped(Effect.flatMap(outbox, body)))

const CHARACTERS: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&amp;": "&",
  "&#39;": "'"
}

describe("the outbox", () => {
  inOutbox("is empty before anything is sent, and says so to people", ({ list, read }) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* list(), { messages: [] })
      const { status, text } = yield* read("/outbox")
      assert.strictEqual(status, 200)
      assert.include(text, "Nothing was sent yet")
    })
  )

  inOutbox("lists mails and SMS, newest first, over minutes and hours", ({ list, mail, sms }) =>
    Effect.gen(function* () {
      yield* mail({ toName: "Łukasz 北京", subject: "Bestätigt" })
      yield* TestClock.setTime(START + MINUTE)
      yield* sms({ to: "+491701234567", text: "Your order is on its way" })
      yield* TestClock.setTime(START + 3 * MINUTE)
      yield* mail({ subject: "last" })
      const { messages, next_cursor } = yield* list()
      assert.deepStrictEqual(
        messages.map(({ kind, sent_at, subject, to }) => [kind, to, subject, sent_at]),
        [
          ["email", "anna@example.com", "last", "Tue, 24 Nov 2026 10:01:00 +0000"],
          ["sms", "+491701234567", "Your order is on its way", "Tue, 24 Nov 2026 09:59:00 +0000"],
          ["email", "Łukasz 北京 <anna@example.com>", "Bestätigt", "Tue, 24 Nov 2026 09:58:00 +0000"]
        ]
      )
      assert.isUndefined(next_cursor)
    })
  )

  inOutbox("shows each of 120 mails on one page of three, also when more are sent meanwhile", ({ list, mail, read }) =>
    Effect.gen(function* () {
      const subjects = Array.from({ length: 120 }, (_, n) => `mail ${n}`)
      for (const [n, subject] of subjects.entries()) {
        // Some minutes have many, some have one.
        yield* TestClock.setTime(START + Math.floor(n / 7) ** 2 * MINUTE)
        yield* mail({ subject })
      }
      const first = yield* list()
      yield* mail({ subject: "came later" })
      const second = yield* list(`?cursor=${encodeURIComponent(first.next_cursor!)}`)
      const third = yield* list(`?cursor=${encodeURIComponent(second.next_cursor!)}`)
      assert.deepStrictEqual(
        [first, second, third].map(({ messages }) => messages.length),
        [50, 50, 20]
      )
      assert.isUndefined(third.next_cursor)
      assert.deepStrictEqual(
        [first, second, third].flatMap(({ messages }) => messages.map(({ subject }) => subject)),
        subjects.toReversed()
      )
      const page = yield* read("/outbox")
      const older = /href="(\/outbox\?cursor=[^"]+)">Older/u.exec(page.text)![1]!
      assert.include((yield* read(older)).text, "mail 69")
    })
  )

  inOutbox(
    "answers page after page of the newest of 5,000 mails of one minute, in whatever order the folder has them",
    ({ folder, list }) =>
      Effect.gen(function* () {
        const names = Array.from(
          { length: 5_000 },
          (_, n) => `01a20ded-6b62-76a3-8976-${String(n).padStart(12, "0")}.eml`
        )
        const minute = join(folder, "2026-11-24T09/58")
        mkdirSync(minute, { recursive: true })
        writeFileSync(join(folder, "mail"), "")
        for (const n of names.keys()) linkSync(join(folder, "mail"), join(minute, names[(n * 7) % names.length]!))
        const seen: Array<string> = []
        let cursor = ""
        for (let page = 0; page < 3; page++) {
          const { messages, next_cursor } = yield* list(cursor)
          seen.push(...messages.map(({ links }) => links.self))
          cursor = `?cursor=${next_cursor}`
        }
        const newest = names.toReversed().slice(0, 150)
        assert.deepStrictEqual(
          seen,
          newest.map((name) => `/outbox/2026-11-24T09/58/${name}`)
        )
      })
  )

  for (const cursor of ["x", "..", "2026-11-24T09/58", "2026-11-24T09/58/../../secret.eml", "2026-11-24T09%2F58"]) {
    inOutbox(`refuses the cursor ${cursor}, naming the field`, ({ get }) =>
      Effect.gen(function* () {
        const { status, text } = yield* get(`/outbox?cursor=${cursor}`)
        assert.strictEqual(status, 400)
        assert.strictEqual(JSON.parse(text).errors[0].field, "cursor")
      })
    )
  }
})

describe("a message in the outbox", () => {
  const html =
    '<!doctype html><html><head><title>x</title></head><body><a href="https://shop.example/r">Open</a></body></html>'

  inOutbox(
    "is shown as it went out to those who are no browser, and to all who ask for it raw",
    ({ get, list, mail, read }) =>
      Effect.gen(function* () {
        yield* mail({ subject: "hello", text: "the text", html })
        const { links } = (yield* list()).messages[0]!
        for (const answer of [yield* get(links.self, "*/*"), yield* read(`${links.self}?raw`)]) {
          assert.strictEqual(answer.status, 200)
          assert.strictEqual(answer.headers.get("content-type"), "text/plain; charset=utf-8")
          assert.strictEqual(answer.headers.get("x-content-type-options"), "nosniff")
          assert.match(answer.text, /^Date: Tue, 24 Nov 2026 09:58:00 \+0000\r\n/u)
          assert.include(answer.text, html)
        }
      })
  )

  inOutbox("is a page to read for a browser, the mail in a frame that runs nothing", ({ list, mail, read }) =>
    Effect.gen(function* () {
      yield* mail({ toName: "Łukasz", subject: "Bestätigt", text: "the text", html })
      const { links } = (yield* list()).messages[0]!
      const { headers, text } = yield* read(links.self)
      assert.strictEqual(headers.get("content-type"), "text/html; charset=utf-8")
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/u)
      assert.notMatch(headers.get("content-security-policy") ?? "", /script-src/u)
      for (const part of ["<h1><bdi>Bestätigt</bdi></h1>", "Łukasz &lt;anna@example.com&gt;", "the text"]) {
        assert.include(text, part)
      }
      const frame = /<iframe sandbox="([^"]*)"[^>]* srcdoc="([^"]*)">/u.exec(text)!
      assert.notMatch(frame[1]!, /allow-(scripts|same-origin|forms|top)/u)
      assert.strictEqual(
        frame[2]!.replace(/&(?:lt|gt|quot|amp|#39);/gu, (entity) => CHARACTERS[entity]!),
        html.replace("<head>", '<head><base target="_blank">')
      )
    })
  )

  inOutbox("cannot break out of its page, whatever stands in it", ({ list, mail, read, sms }) =>
    Effect.gen(function* () {
      const bad = `"'><script>alert(1)</script></pre></bdi><iframe>`
      yield* mail({ toName: bad, subject: bad, text: bad, html: bad })
      yield* sms({ to: "+491701234567", text: bad })
      const { messages } = yield* list()
      for (const path of ["/outbox", ...messages.map(({ links }) => links.self)]) {
        const { text } = yield* read(path)
        assert.notMatch(text, /<script|<\/bdi><iframe/u)
        assert.include(text, "&lt;script&gt;")
      }
    })
  )

  inOutbox("of an SMS is its text", ({ list, read, sms }) =>
    Effect.gen(function* () {
      yield* sms({ to: "+491701234567", text: "Your order is on its way\nTo: nobody" })
      const { messages } = yield* list()
      assert.strictEqual(messages[0]?.to, "+491701234567")
      const { text } = yield* read(messages[0]!.links.self)
      assert.include(text, "Your order is on its way\nTo: nobody")
      assert.notInclude(text, "<iframe")
    })
  )

  const ID = "01a20ded-6b62-76a3-8976-bb718ff544b5"
  for (const path of [
    "../secret.eml",
    "%2e%2e/secret.eml",
    "..%2fsecret.eml",
    "2026-11-24T09/58/../../../secret.eml",
    "2026-11-24T09/58/%2e%2e%2f%2e%2e%2f%2e%2e%2fsecret.eml",
    `2026-11-24T09/../${ID}.eml`,
    `2026-11-24T09/58/${ID}.eml`,
    `2026-11-24T09/58/${ID}.eml/`,
    `2026-11-24T09/58/${ID}.txt`,
    `2026-11-24T09/58/.eml`,
    "2026-11-24T09",
    "/etc/passwd"
  ]) {
    inOutbox(`is not found at ${path}`, ({ folder, get }) =>
      Effect.gen(function* () {
        yield* Effect.promise(async () => {
          await mkdir(join(folder, "2026-11-24T09"), { recursive: true })
          for (const name of ["../secret.eml", "secret.eml", `${ID}.eml`, `2026-11-24T09/${ID}.eml`]) {
            await writeFile(join(folder, name), "secret")
          }
        })
        const { status, text } = yield* get(`/outbox/${path}`)
        assert.strictEqual(status, 404)
        assert.notInclude(text, "secret")
      })
    )
  }
})
