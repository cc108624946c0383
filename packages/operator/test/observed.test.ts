import { describe, expect, it } from "vitest"
import { lastLine, troubleOf } from "../src/observed/index.ts"

const podWith = (state: object, rest: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "shop-order-1" },
  status: { phase: "Running", containerStatuses: [{ name: "flowforge", ready: false, ...state }], ...rest }
})

describe("why a pod is not ready", () => {
  const rows: ReadonlyArray<readonly [title: string, pod: ReturnType<typeof podWith>, words: string | undefined]> = [
    [
      "is what the process said when it ended",
      podWith({ state: { terminated: { exitCode: 1, message: "starting\nflowforge: DATABASE_URL is missing\n" } } }),
      "DATABASE_URL is missing"
    ],
    [
      "is what it said last time, while it waits to be started again",
      podWith({
        state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 20s" } },
        lastState: { terminated: { exitCode: 1, message: "flowforge: no" } }
      }),
      "no"
    ],
    [
      "is the signal that ended it, where it said nothing",
      podWith({ state: { terminated: { exitCode: 137, reason: "OOMKilled" } } }),
      "OOMKilled, exit code 137"
    ],
    [
      "is what the kubelet says of an image that is not to be had",
      podWith({ state: { waiting: { reason: "ErrImagePull", message: "not found" } } }),
      "ErrImagePull: not found"
    ],
    [
      "is what the scheduler says of a pod that fits nowhere",
      podWith({}, { conditions: [{ type: "PodScheduled", status: "False", message: "Insufficient cpu" }] }),
      "Insufficient cpu"
    ],
    ["is not said of one that is ready", podWith({ ready: true }), undefined],
    [
      "is not said of one that is just being made",
      podWith({ state: { waiting: { reason: "ContainerCreating" } } }),
      undefined
    ]
  ]
  it.each(rows)("%s", (_, pod, words) => expect(troubleOf(pod, undefined)).toBe(words))

  it("is the last line of its log, where it only waits", () => {
    const log = '{"level":"Info","message":"waiting for Kafka: ECONNREFUSED"}\n'
    expect(troubleOf(podWith({ state: { running: {} } }), log)).toBe("waiting for Kafka: ECONNREFUSED")
  })
  it("is cut to what fits into a condition", () => {
    expect(lastLine("x".repeat(10_000))).toHaveLength(600)
  })
})
