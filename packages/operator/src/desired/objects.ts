import type { Manifest } from "../kubernetes/index.ts"
import { type OrderPipeline, type ProcessName } from "../resource/index.ts"
import { hashOf } from "./hash.ts"
import { Annotations, type ComponentName, labelsOf, ownerOf, selectorOf } from "./labels.ts"
import { podTemplateOf, PORTS } from "./pod.ts"
import type { Referenced } from "./references.ts"

export const nameOf = (pipeline: OrderPipeline, process: ProcessName): string => `${pipeline.metadata.name}-${process}`

/** Marks what we apply, so that a change of ours is told from a change by others. */
const marked = (object: Manifest): Manifest => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, [Annotations.applied]: hashOf(object) }
  }
})

const owned = (
  pipeline: OrderPipeline,
  component: ComponentName,
  object: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly spec: unknown }
): Manifest => {
  const { name, ...rest } = object
  return marked({
    ...rest,
    metadata: {
      name,
      namespace: pipeline.metadata.namespace,
      labels: labelsOf(pipeline.metadata.name, component),
      ownerReferences: [ownerOf(pipeline)]
    }
  })
}

/** A pod of a Job that fails is followed by two more; what three could not do is for people. */
const RETRIES = 2

/** The Job that makes the topics and applies the migrations. Its name says what it was made for. */
export const prepareJob = (pipeline: OrderPipeline, referenced: Referenced): Manifest => {
  const template = podTemplateOf(pipeline, "prepare", referenced)
  const retry = pipeline.metadata.annotations?.[Annotations.retry]
  return owned(pipeline, "prepare", {
    apiVersion: "batch/v1",
    kind: "Job",
    name: `${pipeline.metadata.name}-prepare-${hashOf([template, retry])}`,
    spec: { backoffLimit: RETRIES, template }
  })
}

/** The Job that deletes what the other one made. */
export const removeJob = (pipeline: OrderPipeline, referenced: Referenced): Manifest =>
  owned(pipeline, "remove", {
    apiVersion: "batch/v1",
    kind: "Job",
    name: `${pipeline.metadata.name}-remove`,
    spec: { backoffLimit: RETRIES, template: podTemplateOf(pipeline, "remove", referenced) }
  })

/** The replicas are not among this: they are applied apart, so that an autoscaler can take them over. */
export const deployment = (pipeline: OrderPipeline, process: ProcessName, referenced: Referenced): Manifest =>
  owned(pipeline, process, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    name: nameOf(pipeline, process),
    spec: {
      selector: { matchLabels: selectorOf(pipeline.metadata.name, process) },
      // A new pod is ready before an old one goes.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
      progressDeadlineSeconds: pipeline.spec.progressDeadlineSeconds,
      revisionHistoryLimit: 10,
      template: podTemplateOf(pipeline, process, referenced)
    }
  })

const clusterIp = (pipeline: OrderPipeline, name: string, port: keyof typeof PORTS): Manifest =>
  owned(pipeline, "api", {
    apiVersion: "v1",
    kind: "Service",
    name,
    spec: {
      selector: selectorOf(pipeline.metadata.name, "api"),
      ports: [{ name: port, port: PORTS[port], targetPort: port, protocol: "TCP" }]
    }
  })

/** The public port and the management port apart, so that no route to the one leads to the other. */
export const apiServices = (pipeline: OrderPipeline): ReadonlyArray<Manifest> => {
  const name = nameOf(pipeline, "api")
  return [clusterIp(pipeline, name, "public"), clusterIp(pipeline, `${name}-management`, "management")]
}

export const disruptionBudget = (pipeline: OrderPipeline, process: ProcessName): Manifest =>
  owned(pipeline, process, {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    name: nameOf(pipeline, process),
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(pipeline.metadata.name, process) } }
  })

/** By CPU for the API, by the lag of its group for a consumer (KEDA); none where the replicas are given. */
export const autoscaler = (pipeline: OrderPipeline, process: ProcessName): Manifest | undefined => {
  const scaling = pipeline.spec.services[process]?.autoscaling
  if (scaling === undefined) return undefined
  const target = { apiVersion: "apps/v1", kind: "Deployment", name: nameOf(pipeline, process) }
  return scaling.type === "CPU"
    ? owned(pipeline, process, {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        name: target.name,
        spec: {
          scaleTargetRef: target,
          minReplicas: scaling.minReplicas,
          maxReplicas: scaling.maxReplicas,
          metrics: [
            {
              type: "Resource",
              resource: { name: "cpu", target: { type: "Utilization", averageUtilization: scaling.targetCpuPercent } }
            }
          ]
        }
      })
    : owned(pipeline, process, {
        apiVersion: "keda.sh/v1alpha1",
        kind: "ScaledObject",
        name: target.name,
        spec: {
          scaleTargetRef: target,
          minReplicaCount: scaling.minReplicas,
          maxReplicaCount: scaling.maxReplicas,
          triggers: [
            {
              type: "kafka",
              metadata: {
                bootstrapServersFromEnv: "KAFKA_BROKERS",
                consumerGroup: process,
                lagThreshold: String(scaling.lagPerReplica),
                offsetResetPolicy: "earliest"
              }
            }
          ]
        }
      })
}
