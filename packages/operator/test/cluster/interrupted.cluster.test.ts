import { connect as dial, createServer, type Socket } from "node:net"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { eventually, launchProcess } from "@flowforge/testkit"
import { Deferred, Effect } from "effect"
import { beforeAll } from "vitest"
import { Kinds } from "../../src/kubernetes/index.ts"
import {
  apiServer,
  describeCluster,
  found,
  give,
  IMAGES,
  imagesIn,
  kubeconfigAt,
  namespace,
  onCluster,
  pipelineIn,
  prepareCluster,
  until,
  untilRolledOut
} from "./harness.ts"
import { operatorIn } from "./operators.ts"

const PROGRAM = join(import.meta.dirname, "../../../flowforge/src/main.ts")

/** The API server by another address, which can go away and come back. */
const doorTo = (target: URL) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const open = new Set<Socket>()
      let isShut = false
      const server = createServer((near) => {
        if (isShut) return near.destroy()
        const far = dial(Number(target.port), target.hostname)
        for (const socket of [near, far]) {
          open.add(socket)
          socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket))
        }
        near.pipe(far).pipe(near)
        return undefined
      })
      await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
      const address = server.address() as { readonly port: number }
      return {
        url: `https://127.0.0.1:${address.port}`,
        shut: Effect.sync(() => {
          isShut = true
          for (const socket of open) socket.destroy()
        }),
        reopen: Effect.sync(() => (isShut = false)),
        close: Effect.sync(() => {
          for (const socket of open) socket.destroy()
          server.close()
        })
      }
    }),
    ({ close }) => close
  )

/** `flowforge operator` as a process of its own. */
const operatorProcess = (where: string, identity: string, kubeconfig: string) =>
  launchProcess(PROGRAM, "operator", {
    KUBECONFIG: kubeconfig,
    OPERATOR_NAMESPACE: where,
    OPERATOR_IDENTITY: identity,
    OPERATOR_WATCH_NAMESPACE: where,
    LOG_FORMAT: "json"
  })

const holderIn = (where: string) =>
  Effect.map(
    found(Kinds.lease, where, "flowforge-operator"),
    (lease) => lease?.spec?.holderIdentity as string | undefined
  )

const isRolling = (where: string) => until("the consumers roll", where, ({ status }) => status.stage === "Consumers")

describeCluster("an operator that is interrupted", () => {
  beforeAll(prepareCluster, 120_000)

  it.live(
    "leads alone; killed in the middle of a rollout, another one takes over and ends it",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* namespace
          const kubeconfig = yield* kubeconfigAt()
          const first = yield* operatorProcess(where, "first", kubeconfig)
          yield* first.says('"leading"')
          const second = yield* operatorProcess(where, "second", kubeconfig)
          yield* Effect.all([first.ready, second.ready])
          yield* give(pipelineIn(where))
          yield* isRolling(where)
          assert.strictEqual(yield* holderIn(where), "first")
          yield* first.end("SIGKILL")
          yield* untilRolledOut(where)
          assert.strictEqual(yield* holderIn(where), "second")
          assert.strictEqual(second.output().split('"leading"').length, 2)
        })
      ),
    300_000
  )

  it.live(
    "asked to stop lets another one lead at once",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* namespace
          const kubeconfig = yield* kubeconfigAt()
          const first = yield* operatorProcess(where, "first", kubeconfig)
          yield* first.says('"leading"')
          assert.deepStrictEqual(yield* first.end("SIGTERM"), { code: 0, signal: null })
          assert.strictEqual(yield* holderIn(where), "")
        })
      ),
    120_000
  )

  it.live(
    "by the API server, for a minute, gives up its lead, stands for election again, and takes a change up that was made meanwhile",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* namespace
          const door = yield* doorTo(apiServer())
          const kubeconfig = yield* kubeconfigAt(door.url)
          const operator = yield* operatorProcess(where, "only", kubeconfig)
          yield* give(pipelineIn(where))
          yield* untilRolledOut(where)
          yield* door.shut
          yield* give(pipelineIn(where, { image: IMAGES[1] }))
          yield* operator.says("could not be renewed")
          yield* Effect.sleep("40 seconds")
          yield* door.reopen
          yield* untilRolledOut(where)
          assert.strictEqual((yield* imagesIn(where))["shop-api"], IMAGES[1])
        })
      ),
    300_000
  )

  it.live(
    "after every single write still ends a rollout",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* namespace
          yield* give(pipelineIn(where))
          /** Dies before its second write. */
          const once = Effect.gen(function* () {
            const isOver = yield* Deferred.make<void>()
            let writes = 0
            const operator = operatorIn(where, () =>
              Effect.suspend(() =>
                ++writes > 1 ? Effect.andThen(Deferred.succeed(isOver, undefined), Effect.never) : Effect.void
              )
            )
            yield* Effect.raceFirst(operator, Deferred.await(isOver))
          })
          yield* Effect.forkScoped(Effect.forever(once))
          yield* eventually(
            "it is ready",
            Effect.map(found(Kinds.orderPipeline, where, "shop"), (pipeline) => pipeline?.status?.stage === "Running"),
            "150 seconds",
            "500 millis"
          )
        })
      ),
    300_000
  )
})
