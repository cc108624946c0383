import { assert, describe, it } from "@effect/vitest"
import { BODY_LIMIT, type Problem, problems } from "@flowforge/platform/http"
import { Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import { SqlError } from "effect/sql"
import { type Answer, ask, post, raw, servedNotes } from "./notes.ts"

const NOTE = JSON.stringify({ text: "buy milk", copies: 1 })

const assertProblem = (answer: Answer, status: number, name: string): void => {
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
  assert.strictEqual(answer.body.type, `urn:flowforge:problem:${name}`)
  assert.strictEqual(answer.body.status, status)
  assert.isString(answer.body.title)
}

const fieldsOf = (answer: Answer): ReadonlyArray<string> => answer.body.errors.map((error: any) => error.field)

describe("an answer over HTTP", () => {
  it.live("to what is right is the handler's", () =>
    Effect.gen(function* () {
      const { url } = yield* servedNotes()
      const written = yield* post(`${url}/notes`, NOTE)
      assert.deepStrictEqual([written.status, written.body], [200, "buy milk"])
    })
  )

  it.live("to an unknown address is a 404, whatever the method", () =>
    Effect.gen(function* () {
      const { url } = yield* servedNotes()
      for (const method of ["GET", "POST", "OPTIONS", "DELETE"]) {
        assertProblem(yield* ask(`${url}/nothing/here`, { method }), 404, "not-found")
      }
    })
  )

  it.live("to a wrong method is a 405 that names the right ones, and OPTIONS is told them", () =>
    Effect.gen(function* () {
      const { url } = yield* servedNotes()
      const wrong = yield* ask(`${url}/notes/7`, { method: "DELETE" })
      assertProblem(wrong, 405, "method-not-allowed")
      assert.strictEqual(wrong.headers.get("allow"), "GET, HEAD")
      assert.strictEqual((yield* ask(`${url}/notes`)).headers.get("allow"), "POST")
      const options = yield* ask(`${url}/notes/7`, { method: "OPTIONS" })
      assert.deepStrictEqual([options.status, options.headers.get("allow")], [204, "GET, HEAD"])
    })
  )

  it.live("to what a route refuses for the moment comes before its body, at that address only, until it is over", () =>
    Effect.gen(function* () {
      let refused: Problem | undefined = problems.unavailable("Full.", 7)
      const { port, url } = yield* servedNotes({ refusal: () => refused })
      const head = "POST /notes HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 100\r\n\r\n"
      const bodiless = yield* raw(port, head)
      assert.match(bodiless, /^HTTP\/1\.1 503 /u)
      assert.match(bodiless, /retry-after: 7\r\n/iu)
      const whole = yield* post(`${url}/notes`, NOTE)
      assertProblem(whole, 503, "unavailable")
      assert.deepStrictEqual([whole.body.detail, whole.headers.get("retry-after")], ["Full.", "7"])
      assert.strictEqual((yield* ask(`${url}/notes/7`)).status, 200)
      refused = undefined
      assert.strictEqual((yield* post(`${url}/notes`, NOTE)).status, 200)
    })
  )

  it.live("to HEAD is that to GET without its body", () =>
    Effect.gen(function* () {
      const { port, url } = yield* servedNotes()
      const get = yield* ask(`${url}/notes/7`)
      const head = yield* raw(port, "HEAD /notes/7 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
      assert.match(head, /^HTTP\/1\.1 200 OK\r\n/u)
      assert.include(head.toLowerCase(), `content-length: ${get.headers.get("content-length")}`)
      assert.isTrue(head.endsWith("\r\n\r\n"))
    })
  )

  it.live("to a body over the limit is a 413, whether its length is stated or not", () =>
    Effect.gen(function* () {
      const { port, url } = yield* servedNotes()
      const large = JSON.stringify({ text: "x".repeat(BODY_LIMIT), copies: 1 })
      const stated = yield* post(`${url}/notes`, large)
      assertProblem(stated, 413, "body-too-large")
      assert.deepStrictEqual(fieldsOf(stated), ["body"])
      const unsent = "POST /notes HTTP/1.1\r\nhost: a\r\ncontent-length: 70000\r\n\r\n"
      assert.match(yield* raw(port, unsent), /^HTTP\/1\.1 413 /u, "before the body is there")
      const head = "POST /notes HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n"
      const size = large.length.toString(16)
      const chunked = yield* raw(port, `${head}transfer-encoding: chunked\r\n\r\n${size}\r\n${large}\r\n0\r\n\r\n`)
      assert.match(chunked, /^HTTP\/1\.1 413 /u)
      assert.include(chunked, "urn:flowforge:problem:body-too-large")
      const within = JSON.stringify({ text: "x".repeat(BODY_LIMIT - 100), copies: 1 })
      assertProblem(yield* post(`${url}/notes`, within), 400, "invalid-request")
    })
  )

  it.live("to a body that is no JSON by its type is a 415", () =>
    Effect.gen(function* () {
      const { url } = yield* servedNotes()
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/xml"]) {
        assertProblem(yield* post(`${url}/notes`, NOTE, { "content-type": type }), 415, "unsupported-media-type")
      }
    })
  )

  it.live.each(["{", '{"text": "a", "copies": 1', "", "nothing", '{"text":"a","copies":1}}'])(
    "to the body %o, which is no JSON, is a 400 about the body",
    (body) =>
      Effect.gen(function* () {
        const { url } = yield* servedNotes()
        const answer = yield* post(`${url}/notes`, body)
        assertProblem(answer, 400, "invalid-request")
        assert.deepStrictEqual(fieldsOf(answer), ["body"])
      })
  )

  it.live.each([
    [{}, ["text", "copies"]],
    [{ text: 4111111111111111, copies: "4111111111111111" }, ["text", "copies"]],
    [{ text: "a", copies: 0 }, ["copies"]],
    [{ text: "a", copies: 1.5 }, ["copies"]],
    [{ text: "", copies: 4111111111111111 }, ["text", "copies"]],
    [{ text: "a", copies: 1, tags: [{ name: "a" }, { name: 4111 }] }, ["tags[1].name"]],
    [{ text: "a", copies: 1, tags: "4111" }, ["tags"]],
    [["4111"], ["body"]],
    ["4111", ["body"]],
    [null, ["body"]]
  ] as const)("to the body %j names each field at fault and repeats no value", ([body, fields]) =>
    Effect.gen(function* () {
      const { lines, url } = yield* servedNotes()
      const answer = yield* post(`${url}/notes`, JSON.stringify(body))
      assertProblem(answer, 400, "invalid-request")
      assert.deepStrictEqual(fieldsOf(answer), fields)
      assert.notInclude(JSON.stringify(answer.body), "4111")
      assert.deepStrictEqual(lines, [], "a client's mistake is nothing for the log")
    })
  )

  it.live("to a wrong path or query names what is wrong there", () =>
    Effect.gen(function* () {
      const { url } = yield* servedNotes()
      const path = yield* ask(`${url}/notes/s3cr3t`)
      assertProblem(path, 400, "invalid-request")
      assert.deepStrictEqual(path.body.errors, [{ field: "note_id", message: "must be a whole number" }])
      const query = yield* ask(`${url}/notes/7?limit=1e9`)
      assertProblem(query, 400, "invalid-request")
      assert.deepStrictEqual(fieldsOf(query), ["limit"])
      assert.notInclude(JSON.stringify([path.body, query.body]), "s3cr3t")
    })
  )

  it.live.each([
    [null, "body", "must be a JSON object"],
    [[], "body", "must be a JSON object"],
    [{ text: 1, copies: 1 }, "text", "must be a string"],
    [{ text: "", copies: 1 }, "text", "must have 1 to 20 characters"],
    [{ text: "a", copies: "2" }, "copies", "must be a whole number from 1 to 9"],
    [{ text: "a", copies: 1.5 }, "copies", "must be a whole number from 1 to 9"],
    [{ text: "a", copies: 10 }, "copies", "must be a whole number from 1 to 9"],
    [{ text: "a" }, "copies", "is missing"],
    [{ text: "a", copies: 1, tags: "a" }, "tags", "must be a JSON array"],
    [{ text: "a", copies: 1, tags: [] }, "tags", "must have 1 to 40000 entries"],
    [{ text: "a", copies: 1, color: 1 }, "color", 'must be "red" or "blue"']
  ] as const)("to the body %j says in plain words that %s %s, and names no schema of ours", ([body, field, message]) =>
    Effect.gen(function* () {
      const { url } = yield* servedNotes()
      const answer = yield* post(`${url}/notes`, JSON.stringify(body))
      assert.deepStrictEqual(answer.body.errors, [{ field, message }])
    })
  )

  it.live("to no body at all, and to a query in letters, says what is wanted", () =>
    Effect.gen(function* () {
      const { url } = yield* servedNotes()
      const bodiless = yield* post(`${url}/notes`, "")
      assert.deepStrictEqual(bodiless.body.errors, [{ field: "body", message: "must be a JSON object" }])
      const query = yield* ask(`${url}/notes/7?limit=abc`)
      assert.deepStrictEqual(query.body.errors, [{ field: "limit", message: "must be a number from 1 to 9" }])
    })
  )

  it.live.each([
    "/notes/%",
    "/notes/%ff",
    "/notes/%00",
    "/%2e%2e/%2e%2e",
    "/notes/7?limit=%",
    `/notes/${"7".repeat(5_000)}`,
    "//",
    "/notes//"
  ])("to the address %s is a refusal, not an accident of ours", (path) =>
    Effect.gen(function* () {
      const { lines, port } = yield* servedNotes()
      const answer = yield* raw(port, `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`)
      assert.match(answer, /^HTTP\/1\.1 (?:400|404) /u)
      assert.include(answer, "urn:flowforge:problem:")
      assert.deepStrictEqual(lines, [])
    })
  )

  it.live("to a defect of ours is a 500 without its text, which is in the log with the path and no secret", () =>
    Effect.gen(function* () {
      const act = Effect.die(new Error("broken at postgres://anna:s3cr3t@db"))
      const { lines, url } = yield* servedNotes({ act })
      const answer = yield* ask(`${url}/act?token=s3cr3t`)
      assertProblem(answer, 500, "internal")
      assert.notInclude(JSON.stringify(answer.body), "broken")
      assert.strictEqual(lines.length, 1)
      assert.deepStrictEqual([lines[0].level, lines[0].method, lines[0].path], ["Error", "GET", "/act"])
      assert.include(lines[0].cause, "broken at postgres://anna:***@db")
      assert.notInclude(JSON.stringify(lines), "s3cr3t")
    })
  )

  it.live("to what takes too long is a 503 that says when to come back, and the work is ended", () =>
    Effect.gen(function* () {
      let ended = false
      const act = Effect.onInterrupt(Effect.never, () => Effect.sync(() => void (ended = true)))
      const { lines, url } = yield* servedNotes({ act, budget: "50 millis" })
      const answer = yield* ask(`${url}/act`)
      assertProblem(answer, 503, "unavailable")
      assert.strictEqual(answer.headers.get("retry-after"), "1")
      assert.isTrue(ended)
      assert.deepStrictEqual(lines, [])
    })
  )

  it.live.each([{ code: "57P01" }, { code: "57P03" }, { code: "08006" }, { code: "53300" }])(
    "while the database is away (%o) is a 503 that says when to come back",
    (cause) =>
      Effect.gen(function* () {
        const error = new SqlError.SqlError({ reason: new SqlError.UnknownError({ cause }) })
        const { url } = yield* servedNotes({ act: Effect.die(error) })
        const answer = yield* ask(`${url}/act`)
        assertProblem(answer, 503, "unavailable")
        assert.strictEqual(answer.headers.get("retry-after"), "1")
      })
  )

  it.live("to a mistake in a statement of ours is a 500", () =>
    Effect.gen(function* () {
      const error = new SqlError.SqlError({ reason: new SqlError.UnknownError({ cause: { code: "42601" } }) })
      const { url } = yield* servedNotes({ act: Effect.die(error) })
      assertProblem(yield* ask(`${url}/act`), 500, "internal")
    })
  )

  it.live("keeps the request readable for its handler after all these checks", () =>
    Effect.gen(function* () {
      const act = HttpServerRequest.HttpServerRequest.pipe(
        Effect.map((request) => request.method)
      ) as Effect.Effect<string>
      const { url } = yield* servedNotes({ act })
      assert.strictEqual((yield* ask(`${url}/act`)).body, "GET")
    })
  )
})

describe("the mistakes of one body", () => {
  it.live("are named up to a hundred", () =>
    Effect.gen(function* () {
      const { url } = yield* servedNotes()
      const tags = Array.from({ length: 30_000 }, () => 1)
      const answer = yield* post(`${url}/notes`, JSON.stringify({ text: "a", copies: 1, tags }))
      assertProblem(answer, 400, "invalid-request")
      assert.strictEqual(answer.body.errors.length, 100)
      assert.deepStrictEqual(answer.body.errors[7], { field: "tags[7]", message: "must be a JSON object" })
    })
  )
})
