import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { KubeConfig } from "@kubernetes/client-node"
import { eventually } from "@flowforge/testkit"
import { Effect, Layer, type Scope } from "effect"
import { describe } from "vitest"
import { type Kind, Kinds, Kubernetes, type Manifest } from "../../src/kubernetes/index.ts"
import { connect } from "../../src/kubernetes/connection.ts"
import { ofKubeconfig, ofPod } from "../../src/kubernetes/credentials.ts"
import { make } from "../../src/kubernetes/kubernetes.ts"
import { definition, permissions } from "../../src/resource/index.ts"

const run = promisify(execFile)

/** The context of a kind cluster that these tests may use. They are skipped where none is named. */
export const context = process.env["FLOWFORGE_TEST_CLUSTER"] ?? ""

if (context !== "" && !context.startsWith("kind-")) {
  throw new Error(`FLOWFORGE_TEST_CLUSTER names ${context}: only clusters of kind (kind-…) are used by tests`)
}

/** Tests against a real API server: FLOWFORGE_TEST_CLUSTER=kind-<name> says which. */
export const describeCluster = describe.skipIf(context === "")

const config = () => {
  const loaded = new KubeConfig()
  loaded.loadFromDefault()
  loaded.setCurrentContext(context)
  return loaded
}

/** A kubeconfig of its own for an operator, which reaches this cluster at another address if one is given. */
export const kubeconfigAt = (server?: string) =>
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "flowforge-operator-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  ).pipe(
    Effect.map((folder) => {
      const loaded = config()
      if (server !== undefined) loaded.clusters = [{ ...loaded.getCurrentCluster()!, server }]
      const path = join(folder, "kubeconfig")
      writeFileSync(path, loaded.exportConfig())
      return path
    })
  )

export const apiServer = (): URL => new URL(config().getCurrentCluster()!.server)

/** Who vouches for the API server, as PEM. */
export const authority = (): string => Buffer.from(config().getCurrentCluster()!.caData!, "base64").toString()

const tokenOf = (account: string, where: string) =>
  Effect.promise(() => run("kubectl", ["--context", context, "--namespace", where, "create", "token", account])).pipe(
    Effect.map(({ stdout }) => stdout.trim())
  )

/** A folder such as a pod of the ServiceAccount finds; it is made where there is none. */
export const accountIn = Effect.fnUntraced(function* (where: string, account: string) {
  const kubernetes = yield* Kubernetes
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "flowforge-account-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  yield* kubernetes.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account, namespace: where } })
  writeFileSync(join(folder, "ca.crt"), authority())
  writeFileSync(join(folder, "token"), yield* tokenOf(account, where))
  return folder
})

/** The cluster as an operator sees it that has the rights of its Role in one namespace, and no others. */
export const layerLeast = (where: string): Layer.Layer<Kubernetes, never, Kubernetes | Scope.Scope> =>
  Layer.effect(
    Kubernetes,
    Effect.gen(function* () {
      const folder = yield* Effect.orDie(accountIn(where, "operator"))
      yield* Effect.promise(() => allow(where, "operator"))
      return make(connect(yield* Effect.promise(() => ofPod(apiServer().origin, folder))))
    })
  )

/** Binds the operator's own permissions. */
const allow = async (where: string, account: string): Promise<void> => {
  const name = `${account}-least`
  const group = "rbac.authorization.k8s.io"
  const items = [
    { kind: "Role", metadata: { name, namespace: where }, rules: permissions },
    {
      kind: "RoleBinding",
      metadata: { name, namespace: where },
      roleRef: { apiGroup: group, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name: account, namespace: where }]
    }
  ].map((one) => ({ apiVersion: `${group}/v1`, ...one }))
  const folder = mkdtempSync(join(tmpdir(), "flowforge-role-"))
  const file = join(folder, "role.json")
  writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }))
  await run("kubectl", ["--context", context, "apply", "--filename", file])
  rmSync(folder, { recursive: true })
}

export const layerCluster: Layer.Layer<Kubernetes> = Layer.effect(
  Kubernetes,
  Effect.map(
    Effect.promise(() => ofKubeconfig(context)),
    (found) => make(connect(found))
  )
)

/** The two images of these tests: they do nothing, and are told apart by their names. */
export const IMAGES = ["op-test:1", "op-test:2"] as const

const BASE = "debian:bookworm-slim"

/** The definition, and the images, which any cluster of kind can be given. */
export const prepareCluster = async (): Promise<void> => {
  for (const image of IMAGES) {
    await run("docker", ["tag", BASE, image])
    await run("kind", ["load", "docker-image", "--name", context.replace("kind-", ""), image])
  }
  await Effect.runPromise(
    Effect.flatMap(Kubernetes, (kubernetes) =>
      kubernetes.apply(definition as never, { manager: "flowforge-tests" })
    ).pipe(Effect.provide(layerCluster))
  )
}

export const onCluster = <A, E>(test: Effect.Effect<A, E, Kubernetes | Scope.Scope>) =>
  test.pipe(Effect.scoped, Effect.provide(layerCluster))

/** A namespace of its own, restricted, with the Secret that pipelines refer to; gone with the scope. */
export const namespace = Effect.gen(function* () {
  const kubernetes = yield* Kubernetes
  const name = `op-${randomUUID().slice(0, 8)}`
  const manifest = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } }
  }
  yield* Effect.acquireRelease(kubernetes.create(manifest), () =>
    Effect.ignore(kubernetes.remove(Kinds.namespace, { name }))
  )
  yield* kubernetes.create({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "shop-connections", namespace: name },
    data: { "database-url": "eA==", "access-key": "eA==", "secret-key": "eA==" }
  })
  return name
})

/** The words by which the shell in these images plays a process: told by variables, so that a test can make one fail. */
const PLAY = [
  'case "$0" in',
  'prepare) [ -z "$PREPARE_FAILS" ] || { echo "flowforge: $PREPARE_FAILS" >&2; exit "${PREPARE_EXIT:-1}"; } ;;',
  'remove) [ -z "$REMOVE_FAILS" ] || { echo "flowforge: $REMOVE_FAILS" >&2; exit 1; } ;;',
  '*) [ -z "$PROCESS_FAILS" ] || { echo "flowforge: $PROCESS_FAILS" >&2; exit 1; }; trap "exit 0" TERM; sleep infinity & wait ;;',
  "esac"
].join("\n")

const secret = (key: string) => ({ secretKeyRef: { name: "shop-connections", key } })

/** A pipeline whose processes are shells: they roll out as the real ones do, in a second. */
export const pipelineIn = (
  namespace: string,
  spec: object = {},
  annotations: Record<string, string> = {}
): Manifest => ({
  apiVersion: Kinds.orderPipeline.apiVersion,
  kind: Kinds.orderPipeline.kind,
  metadata: { name: "shop", namespace, annotations },
  spec: {
    image: IMAGES[0],
    kafka: { brokers: { value: "kafka:9092" } },
    postgresql: { url: secret("database-url") },
    aws: {
      region: "eu-west-1",
      credentials: { accessKeyId: secret("access-key"), secretAccessKey: secret("secret-key") },
      s3: { bucket: { value: "receipts" } },
      ses: { from: { value: "shop@example.com" } }
    },
    paymentGateway: { url: { value: "http://gateway:8070" } },
    progressDeadlineSeconds: 30,
    podTemplate: {
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: "flowforge",
            command: ["sh", "-c", PLAY],
            lifecycle: null,
            startupProbe: null,
            livenessProbe: null,
            readinessProbe: null,
            resources: null
          }
        ]
      }
    },
    ...spec
  }
})

/** As `kubectl apply` would. */
export const give = (pipeline: Manifest) =>
  Effect.flatMap(Kubernetes, (kubernetes) => kubernetes.apply(pipeline, { manager: "people" }))

export const found = (kind: Kind, namespace: string, name: string) =>
  Effect.flatMap(Kubernetes, (kubernetes) => kubernetes.get(kind, { namespace, name }))

export const conditionIn = (pipeline: Manifest | undefined, type: string) =>
  pipeline?.status?.conditions?.find((one: { type: string }) => one.type === type) as
    | { readonly status: string; readonly reason: string; readonly message: string }
    | undefined

const PATIENCE = "150 seconds"

/** Waits until the pipeline's status is for its newest spec, and as asked. */
export const until = (what: string, namespace: string, holds: (pipeline: Manifest) => boolean) =>
  eventually(
    what,
    Effect.map(
      found(Kinds.orderPipeline, namespace, "shop"),
      (pipeline) =>
        pipeline !== undefined &&
        pipeline.status?.observedGeneration === pipeline.metadata.generation &&
        holds(pipeline)
    ),
    PATIENCE,
    "200 millis"
  )

export const untilReady = (namespace: string) =>
  until("the pipeline is ready", namespace, (pipeline) => conditionIn(pipeline, "Ready")?.status === "True")

/** For an operator that runs where it cannot reach the pods, and so does not know whether events flow. */
export const untilRolledOut = (namespace: string) =>
  until("all is rolled out", namespace, ({ status }) => status.stage === "Running")

export const untilHeld = (namespace: string, reason: string) =>
  until(`the rollout is held: ${reason}`, namespace, (pipeline) => conditionIn(pipeline, "Stalled")?.reason === reason)

export const imagesIn = (namespace: string) =>
  Effect.flatMap(Kubernetes, (kubernetes) => kubernetes.list(Kinds.deployment, { namespace })).pipe(
    Effect.map(({ items }) =>
      Object.fromEntries(
        items.map(({ metadata, spec }) => [metadata.name, spec.template.spec.containers[0].image as string])
      )
    )
  )
