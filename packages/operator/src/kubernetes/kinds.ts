import { GROUP, KIND, PLURAL, VERSION } from "../resource/index.ts"

/** A kind of object, and where the API server has it. */
export interface Kind {
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
}

const kind = (apiVersion: string, name: string, plural = `${name.toLowerCase()}s`): Kind => ({
  apiVersion,
  kind: name,
  plural
})

/** All kinds that the operator looks at or writes. */
export const Kinds = {
  orderPipeline: kind(`${GROUP}/${VERSION}`, KIND, PLURAL),
  deployment: kind("apps/v1", "Deployment"),
  replicaSet: kind("apps/v1", "ReplicaSet"),
  job: kind("batch/v1", "Job"),
  pod: kind("v1", "Pod"),
  service: kind("v1", "Service"),
  secret: kind("v1", "Secret"),
  configMap: kind("v1", "ConfigMap"),
  event: kind("v1", "Event"),
  podDisruptionBudget: kind("policy/v1", "PodDisruptionBudget"),
  horizontalPodAutoscaler: kind("autoscaling/v2", "HorizontalPodAutoscaler"),
  scaledObject: kind("keda.sh/v1alpha1", "ScaledObject"),
  namespace: kind("v1", "Namespace"),
  serviceAccount: kind("v1", "ServiceAccount"),
  lease: kind("coordination.k8s.io/v1", "Lease"),
  definition: kind("apiextensions.k8s.io/v1", "CustomResourceDefinition")
} as const

/** The kind of an object that is one of these. */
export const kindOf = (object: { readonly apiVersion: string; readonly kind: string }): Kind => {
  const found = Object.values(Kinds).find((one) => one.kind === object.kind && one.apiVersion === object.apiVersion)
  if (found === undefined) throw new Error(`${object.apiVersion} ${object.kind} is not among the kinds`)
  return found
}
