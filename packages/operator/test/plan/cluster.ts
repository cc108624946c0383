import { Annotations, type Desired, desiredOf } from "../../src/desired/index.ts"
import { type Manifest } from "../../src/kubernetes/index.ts"
import { merge } from "../../src/desired/merge.ts"
import type { GroupReport, Observed } from "../../src/observed/index.ts"
import type { Action, Plan } from "../../src/plan/index.ts"
import { plan, statusOf } from "../../src/plan/index.ts"
import type { OrderPipeline, OrderPipelineStatus } from "../../src/resource/index.ts"
import { referenced } from "../pipeline.ts"

const idle: GroupReport = { members: 1, lag: 0, waitingSeconds: 0, deadLetters: {} }

/** What the groups of an idle shop say. */
export const well = { order: idle, payment: idle, inventory: idle, notification: idle }

/** How the pods of an image, or of a Job, turn out. */
export type Fate = "works" | "hangs" | "falls over" | { readonly fails: string; readonly exitCode?: number }

/**
 * A cluster as far as a plan sees one: it keeps what is applied, and `settle` does what Kubernetes' own controllers do.
 * Time passes by a second with every step.
 */
export class Cluster {
  objects: Array<Manifest> = []
  now = Date.parse("2026-01-01T00:00:00Z")
  fateOf: (object: Manifest) => Fate = () => "works"
  secrets = referenced
  /** Everything that was done, in order. */
  readonly done: Array<Action> = []

  desired(pipeline: OrderPipeline): Desired {
    return desiredOf(pipeline, this.secrets)
  }

  observed(rest: Partial<Observed> = {}): Observed {
    return {
      now: this.now,
      objects: this.objects,
      taken: [],
      unknownKinds: [],
      reports: well,
      smokeOrder: undefined,
      lastWords: {},
      ...rest
    }
  }

  plan(pipeline: OrderPipeline, rest: Partial<Observed> = {}): Plan {
    return plan(this.desired(pipeline), this.observed(rest))
  }

  statusOf(pipeline: OrderPipeline, rest: Partial<Observed> = {}): OrderPipelineStatus {
    const [desired, observed] = [this.desired(pipeline), this.observed(rest)]
    return statusOf(desired, observed, plan(desired, observed), undefined)
  }

  /** Plans once and does it all, or the first so many actions of it. */
  step(pipeline: OrderPipeline, most = Number.POSITIVE_INFINITY): Plan {
    const next = this.plan(pipeline)
    for (const action of next.actions.slice(0, most)) this.act(action)
    return next
  }

  /** Until nothing is left to be done, or it waits for what does not come. */
  run(pipeline: OrderPipeline, steps = 20): Plan {
    for (let count = 0; count < steps; count++) {
      this.step(pipeline)
      this.settle()
    }
    return this.plan(pipeline)
  }

  act(action: Action): void {
    this.done.push(action)
    switch (action._tag) {
      case "Apply":
        return this.put(action.object)
      case "Scale":
        return this.change("Deployment", action.name, { spec: { replicas: action.replicas } })
      case "Remove":
        this.objects = this.objects.filter(
          ({ kind, metadata }) =>
            !(kind === action.kind.kind && metadata.name === action.name) &&
            !metadata.ownerReferences?.some(({ uid }) => uid === action.uid)
        )
        return
      case "Finalize":
        return
      case "PlaceOrder":
        return this.note(action.job, "order-1 PENDING")
      case "Annotate":
        return this.note(action.job, action.value)
    }
  }

  private note(job: string, value: string): void {
    this.change("Job", job, { metadata: { annotations: { [Annotations.smokeOrder]: value } } })
  }

  find(kind: string, name: string): Manifest {
    const found = this.objects.find((one) => one.kind === kind && one.metadata.name === name)
    if (found === undefined) throw new Error(`there is no ${kind} ${name}`)
    return found
  }

  change(kind: string, name: string, change: object): void {
    const found = this.find(kind, name)
    const changed = merge(found, change) as Manifest
    const generation = (found.metadata.generation ?? 1) + 1
    this.objects = this.objects.map((one) =>
      one === found ? { ...changed, metadata: { ...changed.metadata, generation } } : one
    )
  }

  private put(object: Manifest): void {
    const { kind, metadata } = object
    if (this.objects.some((one) => one.kind === kind && one.metadata.name === metadata.name)) {
      return this.change(kind, metadata.name, object)
    }
    this.objects.push({
      ...object,
      metadata: { ...metadata, uid: `uid-of-${kind}-${metadata.name}`, generation: 1, creationTimestamp: this.time() },
      ...(kind === "Deployment" ? { spec: { replicas: 1, ...object.spec } } : {})
    })
  }

  private time(): string {
    return new Date(this.now).toISOString()
  }

  /** A second later Jobs have ended and Deployments have rolled, each by its fate. */
  settle(): void {
    this.now += 1000
    for (const object of this.objects) {
      if (object.kind === "Job") this.settleJob(object)
      if (object.kind === "Deployment") this.settleDeployment(object)
    }
  }

  private settleJob(job: Manifest): void {
    const fate = this.fateOf(job)
    if (fate === "hangs" || fate === "falls over") return
    const type = fate === "works" ? "Complete" : "Failed"
    this.status(job, { conditions: [{ type, status: "True" }] })
    if (fate !== "works") this.pod(`${job.metadata.name}-pod`, job, fate)
  }

  private settleDeployment(deployment: Manifest): void {
    const { metadata, spec } = deployment
    const fate = this.fateOf(deployment)
    const image = spec.template.spec.containers[0].image
    const name = `${metadata.name}-${image.replace(/\W/gu, "-")}`
    if (!this.objects.some((one) => one.kind === "ReplicaSet" && one.metadata.name === name)) {
      this.objects.push({
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: {
          name,
          creationTimestamp: this.time(),
          ownerReferences: [
            { apiVersion: "apps/v1", kind: "Deployment", name: metadata.name, uid: metadata.uid!, controller: true }
          ]
        },
        spec: { template: spec.template }
      })
    }
    if (fate === "hangs") return
    if (fate === "falls over") return this.fallOver(deployment)
    const isUp = fate === "works"
    this.status(deployment, {
      observedGeneration: metadata.generation,
      replicas: isUp ? spec.replicas : spec.replicas + 1,
      updatedReplicas: isUp ? spec.replicas : 1,
      readyReplicas: spec.replicas,
      availableReplicas: spec.replicas,
      conditions: [
        { type: "Available", status: "True" },
        isUp
          ? { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" }
          : { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }
      ]
    })
    this.objects = this.objects.filter((one) => one.metadata.name !== `${metadata.name}-pod`)
    if (!isUp) this.pod(`${metadata.name}-pod`, deployment, fate)
  }

  /** Its pods were ready for a moment. */
  private fallOver(deployment: Manifest): void {
    const { metadata, spec, status } = deployment
    const isDown = status?.conditions[0].status === "False"
    this.status(deployment, {
      observedGeneration: metadata.generation,
      replicas: spec.replicas,
      updatedReplicas: spec.replicas,
      conditions: [
        isDown ? status.conditions[0] : { type: "Available", status: "False", lastTransitionTime: this.time() },
        { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" }
      ]
    })
  }

  private status(object: Manifest, status: object): void {
    this.objects = this.objects.map((one) =>
      one.kind === object.kind && one.metadata.name === object.metadata.name ? { ...one, status } : one
    )
  }

  private pod(name: string, of: Manifest, { exitCode = 1, fails }: Exclude<Fate, string>): void {
    if (this.objects.some((one) => one.metadata.name === name)) return
    this.objects.push({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name,
        creationTimestamp: this.time(),
        ...(of.metadata.labels === undefined ? {} : { labels: of.metadata.labels })
      },
      status: {
        phase: "Failed",
        containerStatuses: [{ name: "flowforge", ready: false, state: { terminated: { exitCode, message: fails } } }]
      }
    })
  }
}

/** What was written, as short as people would say it: "order 2", "api 2", "prepare". */
export const told = (actions: ReadonlyArray<Action>): ReadonlyArray<string> =>
  actions.flatMap((action) => {
    if (action._tag === "Scale") return [`${action.name} × ${action.replicas}`]
    if (action._tag === "Remove") return [`- ${action.kind.kind}`]
    if (action._tag === "Finalize") return [`${action.isKept ? "+" : "-"} finalizer`]
    if (action._tag === "PlaceOrder") return ["an order"]
    if (action._tag === "Annotate") return [action.value]
    const { kind, metadata, spec } = action.object
    if (kind === "Job") return [`${spec.template.spec.containers[0].args[0]} ${spec.template.spec.containers[0].image}`]
    return kind === "Deployment" ? [`${metadata.name} ${spec.template.spec.containers[0].image}`] : []
  })
