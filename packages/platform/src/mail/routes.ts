import { Effect } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { KnownRoute } from "../http/methods.ts"
import { problemResponse, problems } from "../http/problem.ts"
import { renderLetter, renderLetters } from "./letters-page.ts"
import { isLetterPath, pageOfLetters, readLetter } from "./letters.ts"

const PATH = "/outbox"
const PAGE_SIZE = 50

/** The addresses of {@link layerMailRoutes}. */
export const mailRoutes: ReadonlyArray<KnownRoute> = [
  { method: "GET", path: PATH },
  { method: "GET", path: `${PATH}/*` }
]

/** Mails may style themselves and nothing else: no script runs, and nothing is fetched from anywhere. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  vary: "accept"
}

/**
 * `GET /outbox`: what the outbox folder holds, newest first, as a page or (`Accept: application/json`) as JSON;
 * `GET /outbox/<hour>/<minute>/<file>`: one message, for browsers as a page, otherwise (or with `?raw`) as it went out.
 */
export const layerMailRoutes = ({ folder }: { readonly folder: string }) =>
  HttpRouter.use((router) =>
    // The router takes a wildcard for the bare address as well.
    router.add(
      "GET",
      `${PATH}/*`,
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const [path = "", text = ""] = request.url.split("?", 2)
        const query = new URLSearchParams(text)
        const isForPeople = (request.headers["accept"] ?? "").includes("text/html")
        const within = path.slice(PATH.length + 1)
        return within === ""
          ? yield* list(folder, query, isForPeople)
          : yield* open(folder, within, isForPeople && !query.has("raw"))
      })
    )
  )

const list = Effect.fnUntraced(function* (folder: string, query: URLSearchParams, isForPeople: boolean) {
  const after = query.get("cursor") ?? undefined
  if (after !== undefined && !isLetterPath(after)) {
    const message = "must be a next_cursor that was answered"
    return problemResponse(problems.invalidRequest([{ field: "cursor", message }]))
  }
  const page = yield* Effect.promise(() => pageOfLetters(folder, { after, limit: PAGE_SIZE }))
  if (isForPeople) return html(renderLetters(page, { at: PATH, isFirst: after === undefined }))
  return HttpServerResponse.jsonUnsafe(
    {
      messages: page.letters.map(({ kind, path, sentAt, subject, to }) => ({
        kind,
        to,
        subject,
        sent_at: sentAt,
        links: { self: `${PATH}/${path}` }
      })),
      ...(page.next === undefined ? {} : { next_cursor: page.next })
    },
    { headers: HEADERS }
  )
})

const open = Effect.fnUntraced(function* (folder: string, path: string, isForPeople: boolean) {
  const letter = isLetterPath(path) ? yield* Effect.promise(() => readLetter(folder, path)) : undefined
  if (letter === undefined) return problemResponse(problems.notFound)
  return isForPeople
    ? html(renderLetter(letter, PATH))
    : HttpServerResponse.text(letter.source, { contentType: "text/plain; charset=utf-8", headers: HEADERS })
})

const html = (page: string) =>
  HttpServerResponse.text(page, { contentType: "text/html; charset=utf-8", headers: HEADERS })
