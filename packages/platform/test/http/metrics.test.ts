import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Deferred, Effect, Metric } from "effect"
import { ask, post, raw, servedNotes } from "./notes.ts"

/** Every series of a metric as `method route status` with its count. */
const seriesOf = (registry: Metric.MetricRegistry, id: string): Effect.Effect<Record<string, number>> =>
  Metric.snapshot.pipe(
    Effect.provideService(Metric.MetricRegistry, registry),
    Effect.map((snapshot) =>
      Object.fromEntries(
        snapshot
          .filter((metric) => metric.id === id)
          .map(({ attributes, state }) => [
            [attributes?.["method"], attributes?.["route"], attributes?.["status"]].filter(Boolean).join(" "),
            (state as { readonly count: number }).count
          ])
      )
    )
  )

const requestsIn = (registry: Metric.MetricRegistry) => seriesOf(registry, "flowforge_http_requests_total")

describe("the metrics of requests", () => {
  it.live("count by method, route template and status, refusals too", () =>
    Effect.gen(function* () {
      const { registry, url } = yield* servedNotes({ act: Effect.die("broken") })
      for (const id of [1, 2, 3]) yield* ask(`${url}/notes/${id}?limit=5`)
      yield* ask(`${url}/notes/x`)
      yield* post(`${url}/notes`, '{"text":"a","copies":1}')
      yield* post(`${url}/notes`, "x".repeat(70_000))
      yield* ask(`${url}/notes`, { method: "DELETE" })
      yield* ask(`${url}/act`)
      assert.deepStrictEqual(yield* requestsIn(registry), {
        "GET /notes/:note_id 200": 3,
        "GET /notes/:note_id 400": 1,
        "POST /notes 200": 1,
        "POST /notes 413": 1,
        "DELETE /notes 405": 1,
        "GET /act 500": 1
      })
    })
  )

  it.live("make no series for each unknown address", () =>
    Effect.gen(function* () {
      const { port, registry, url } = yield* servedNotes()
      for (let n = 0; n < 20; n++) yield* ask(`${url}/unknown-${n}/x`)
      yield* raw(port, "GET /%ff HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
      assert.deepStrictEqual(yield* requestsIn(registry), { "GET other 404": 21 })
    })
  )

  it.live("count a client that has gone", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const { registry, url } = yield* servedNotes({
        act: Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)
      })
      const leaving = new AbortController()
      const request = fetch(`${url}/act`, { signal: leaving.signal }).catch(() => undefined)
      yield* Deferred.await(begun)
      leaving.abort()
      yield* Effect.promise(() => request)
      yield* eventually(
        "it is counted",
        Effect.map(requestsIn(registry), (series) => series["GET /act 499"] === 1)
      )
    })
  )

  it.live("time every request, in seconds", () =>
    Effect.gen(function* () {
      const { registry, url } = yield* servedNotes({ act: Effect.as(Effect.sleep("60 millis"), "done") })
      yield* ask(`${url}/act`)
      const snapshot = yield* Metric.snapshot.pipe(Effect.provideService(Metric.MetricRegistry, registry))
      const duration = snapshot.find(({ id }) => id === "flowforge_http_request_duration_seconds")!
      const { count, sum } = duration.state as Metric.HistogramState
      assert.strictEqual(count, 1)
      assert.isTrue(sum >= 0.05 && sum < 5, String(sum))
    })
  )
})
