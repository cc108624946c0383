import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { make } from "../src/reports.ts"

const podOf = (process: string, number: number, isReady = true) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `shop-${process}-${number}`,
    namespace: "shops",
    uid: `${process}-${number}`,
    labels: { "app.kubernetes.io/component": process, "app.kubernetes.io/instance": "shop" }
  },
  status: { podIP: `10.0.0.${number}`, containerStatuses: [{ name: "flowforge", ready: isReady }] }
})

const group = { members: 2, lag: { a: 2, b: 3 }, oldest_unhandled_seconds: 10, dead_letters: {} }

const answer = (process: string, oldest_unpublished_seconds = 0) =>
  JSON.stringify({ process, groups: { [process]: group }, oldest_unpublished_seconds })

/** What is asked, and who answers. */
const asking = (read: (address: string) => string | undefined) => {
  const asked: Array<string> = []
  const reports = make((address) => {
    asked.push(address)
    const text = read(address)
    return text === undefined ? Effect.fail("refused") : Effect.succeed(text)
  })
  return { reports, asked }
}

describe("the reports of a pipeline's processes", () => {
  it.effect("sum the lag over the topics, and name the longest wait: for the group, or for the relay", () =>
    Effect.gen(function* () {
      const { reports } = asking((address) => (address.includes("0.1:") ? answer("order") : answer("payment", 70)))
      assert.deepStrictEqual(yield* reports.of([podOf("order", 1), podOf("payment", 2)]), {
        order: { members: 2, lag: 5, waitingSeconds: 10, deadLetters: {} },
        payment: { members: 2, lag: 5, waitingSeconds: 70, deadLetters: {} }
      })
    })
  )

  it.effect("are asked for every 15 seconds at most, of one ready pod, at its management port", () =>
    Effect.gen(function* () {
      const { asked, reports } = asking(() => answer("order"))
      const pods = [podOf("order", 1, false), podOf("order", 2), podOf("order", 3)]
      for (let second = 0; second < 30; second++) {
        yield* reports.of(pods)
        yield* TestClock.adjust("1 second")
      }
      assert.deepStrictEqual(asked, Array(2).fill("http://10.0.0.2:9090/internal/status"))
    })
  )

  it.effect("are not asked of a pod that became ready a moment ago, and is not in its group yet", () =>
    Effect.gen(function* () {
      const { asked, reports } = asking(() => answer("order"))
      const started = podOf("order", 1)
      const conditions = [{ type: "Ready", status: "True", lastTransitionTime: "1970-01-01T00:00:00Z" }]
      const pods = [{ ...started, status: { ...started.status, conditions } }]
      yield* TestClock.adjust("4 seconds")
      assert.isUndefined((yield* reports.of(pods)).order)
      assert.deepStrictEqual(asked, [])
      yield* TestClock.adjust("1 second")
      assert.isDefined((yield* reports.of(pods)).order)
    })
  )

  it.effect("come from another pod where one does not answer, or not what it should", () =>
    Effect.gen(function* () {
      for (const odd of [undefined, "<html>"]) {
        const { reports } = asking((address) => (address.includes("0.1:") ? odd : answer("order")))
        assert.strictEqual((yield* reports.of([podOf("order", 1), podOf("order", 2)])).order?.members, 2)
      }
    })
  )

  it.effect("are believed for a minute when nobody answers any more", () =>
    Effect.gen(function* () {
      let isThere = true
      const { reports } = asking(() => (isThere ? answer("order") : undefined))
      const pods = [podOf("order", 1)]
      yield* reports.of(pods)
      isThere = false
      yield* TestClock.adjust("59 seconds")
      assert.isDefined((yield* reports.of(pods)).order)
      yield* TestClock.adjust("2 seconds")
      assert.isUndefined((yield* reports.of(pods)).order)
    })
  )
})
