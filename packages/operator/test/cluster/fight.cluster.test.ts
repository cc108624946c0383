import { assert, it } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Clock, Effect, Schedule } from "effect"
import { beforeAll } from "vitest"
import { Kinds, Kubernetes } from "../../src/kubernetes/index.ts"
import {
  describeCluster,
  found,
  give,
  onCluster,
  namespace,
  pipelineIn,
  prepareCluster,
  untilReady
} from "./harness.ts"
import { operatorIn } from "./operators.ts"

const SECONDS = 60
const EDITS_PER_SECOND = 10

/** The most that were made within any one second. */
const mostInASecond = (times: ReadonlyArray<number>): number =>
  Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length))

describeCluster("another writer", () => {
  beforeAll(prepareCluster, 120_000)

  it.live(
    "that changes owned fields ten times a second for a minute is answered twice a second at most, and nothing stays changed",
    () =>
      Effect.gen(function* () {
        const kubernetes = yield* Kubernetes
        const where = yield* namespace
        const writes = new Map<string, Array<number>>()
        yield* Effect.forkScoped(
          operatorIn(where, ({ kind, metadata }) =>
            Effect.map(Clock.currentTimeMillis, (now) => {
              const object = `${kind} ${metadata.name}`
              writes.set(object, [...(writes.get(object) ?? []), now])
            })
          )
        )
        yield* give(pipelineIn(where))
        yield* untilReady(where)
        writes.clear()
        let edit = 0
        yield* Effect.suspend(() => {
          edit++
          const port = 9000 + (edit % 100)
          return Effect.ignore(
            kubernetes.apply(
              {
                apiVersion: "v1",
                kind: "Service",
                metadata: { name: "shop-api", namespace: where },
                spec: { ports: [{ name: "public", port: 8080, targetPort: port, protocol: "TCP" }] }
              },
              { manager: "somebody-else" }
            )
          )
        }).pipe(Effect.repeat({ schedule: Schedule.fixed(1000 / EDITS_PER_SECOND), times: SECONDS * EDITS_PER_SECOND }))
        const answers = writes.get("Service shop-api") ?? []
        assert.isAbove(answers.length, SECONDS / 10, "it was put right again and again")
        for (const [object, times] of writes) assert.isAtMost(mostInASecond(times), 2, object)
        yield* eventually(
          "the Service is as it was",
          Effect.map(
            found(Kinds.service, where, "shop-api"),
            (service) => service?.spec.ports[0].targetPort === "public"
          )
        )
      }).pipe(onCluster),
    300_000
  )
})
