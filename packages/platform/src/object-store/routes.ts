import { Clock, Effect, type Redacted } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { KnownRoute } from "../http/methods.ts"
import { type Problem, problemResponse, problems } from "../http/problem.ts"
import { isKey } from "./key.ts"
import { ObjectStore } from "./object-store.ts"
import { refusalOf } from "./signature.ts"

const PREFIX = "/objects/"

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  pdf: "application/pdf",
  json: "application/json",
  txt: "text/plain; charset=utf-8"
}

/** An object is somebody's document: it may style itself and nothing else, also when it is opened on our own origin. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-modals allow-popups"

const forbidden = (detail: string): Problem => ({
  type: "urn:flowforge:problem:address-refused",
  status: 403,
  title: "This address does not open the object",
  detail
})

const refusals = {
  unsigned: forbidden("The address is not signed."),
  tampered: forbidden("The signature does not fit the address."),
  expired: forbidden("The address has expired. Ask for a new one.")
}

/** The addresses of {@link layerObjectRoutes}. */
export const objectRoutes: ReadonlyArray<KnownRoute> = [{ method: "GET", path: `${PREFIX}*` }]

/** `GET /objects/<key>`: what the addresses of the disk's object store open. Outside: the ObjectStore. */
export const layerObjectRoutes = (options: { readonly secret: Redacted.Redacted }) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const objects = yield* ObjectStore
      yield* router.add(
        "GET",
        `${PREFIX}*`,
        Effect.gen(function* () {
          const request = yield* HttpServerRequest.HttpServerRequest
          const [path = "", query = ""] = request.url.split("?", 2)
          const key = path.slice(path.indexOf(PREFIX) + PREFIX.length)
          const nowMillis = yield* Clock.currentTimeMillis
          const refusal = refusalOf({ secret: options.secret, key, query: new URLSearchParams(query), nowMillis })
          if (refusal !== undefined) return problemResponse(refusals[refusal])
          if (!isKey(key)) return problemResponse(problems.notFound)
          const found = yield* objects.get(key)
          if (found._tag === "None") return problemResponse(problems.notFound)
          return HttpServerResponse.uint8Array(found.value, {
            contentType: TYPES[key.slice(key.lastIndexOf(".") + 1)] ?? "application/octet-stream",
            headers: {
              "cache-control": "private, max-age=300",
              "content-security-policy": CONTENT_SECURITY_POLICY,
              "referrer-policy": "no-referrer",
              "x-content-type-options": "nosniff"
            }
          })
        }).pipe(
          Effect.catchTag("ObjectStoreUnavailable", () =>
            Effect.succeed(problemResponse(problems.unavailable("The object store does not answer.")))
          )
        )
      )
    })
  )
