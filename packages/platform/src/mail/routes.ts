import { Effect } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { KnownRoute } from "../http/methods.ts"
import { problemResponse, problems } from "../http/problem.ts"
import { renderLetters } from "./letters-page.ts"
import { isLetterPath, pageOfLetters, readLetter } from "./letters.ts"

const PATH = "/outbox"
const PAGE_SIZE = 50

/** The addresses of {@link layerMailRoutes}. */
export const mailRoutes: ReadonlyArray<KnownRoute> = [
  { method: "GET", path: PATH },
  { method: "GET", path: `${PATH}/*` }
]

/**
 * `GET /outbox`: what the outbox folder holds, newest first, as a page or (`Accept: application/json`) as JSON;
 * `GET /outbox/<hour>/<file>`: one message as it would have gone out.
 */
export const layerMailRoutes = ({ folder }: { readonly folder: string }) =>
  HttpRouter.use((router) =>
    // The router takes a wildcard for the bare address as well.
    router.add(
      "GET",
      `${PATH}/*`,
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const [path = "", query = ""] = request.url.split("?", 2)
        const within = path.slice(PATH.length + 1)
        return within === ""
          ? yield* list(folder, new URLSearchParams(query), request.headers["accept"] ?? "")
          : yield* open(folder, within)
      })
    )
  )

const list = Effect.fnUntraced(function* (folder: string, query: URLSearchParams, accept: string) {
  const after = query.get("cursor") ?? undefined
  if (after !== undefined && !isLetterPath(after)) {
    const message = "must be a next_cursor that was answered"
    return problemResponse(problems.invalidRequest([{ field: "cursor", message }]))
  }
  const page = yield* Effect.promise(() => pageOfLetters(folder, { after, limit: PAGE_SIZE }))
  if (accept.includes("text/html")) return HttpServerResponse.html(renderLetters(page, PATH))
  return HttpServerResponse.jsonUnsafe({
    messages: page.letters.map(({ kind, path, sentAt, subject, to }) => ({
      kind,
      to,
      subject,
      sent_at: sentAt,
      links: { self: `${PATH}/${path}` }
    })),
    ...(page.next === undefined ? {} : { next_cursor: page.next })
  })
})

const open = Effect.fnUntraced(function* (folder: string, path: string) {
  const letter = isLetterPath(path) ? yield* Effect.promise(() => readLetter(folder, path)) : undefined
  if (letter === undefined) return problemResponse(problems.notFound)
  return HttpServerResponse.text(letter, {
    contentType: "text/plain; charset=utf-8",
    headers: { "x-content-type-options": "nosniff" }
  })
})
