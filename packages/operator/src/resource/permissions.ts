/** What a role allows, as Kubernetes has it. */
export interface Permission {
  readonly apiGroups: ReadonlyArray<string>
  readonly resources: ReadonlyArray<string>
  readonly verbs: ReadonlyArray<string>
  readonly resourceNames?: ReadonlyArray<string>
}

const allow = (group: string, resources: string, verbs: string): Permission => ({
  apiGroups: [group],
  resources: resources.split(" "),
  verbs: verbs.split(" ")
})

/** Server-side apply creates and patches; what is not found in a list is asked for by its name before it is made. */
const MADE = "get list watch create patch"

/** What the operator needs where pipelines are: in one namespace a Role, else a ClusterRole. */
export const permissions: ReadonlyArray<Permission> = [
  // Patched for its finalizer alone, with deletionPolicy: Delete.
  allow("flowforge.dev", "orderpipelines", "get list watch patch"),
  allow("flowforge.dev", "orderpipelines/status", "patch"),
  // Deleted before the data are; otherwise they go with their pipeline, by the garbage collector.
  allow("apps", "deployments", `${MADE} delete`),
  allow("apps", "replicasets", "list"),
  allow("batch", "jobs", `${MADE} delete`),
  allow("", "services", `${MADE} delete`),
  allow("policy", "poddisruptionbudgets", `${MADE} delete`),
  allow("autoscaling", "horizontalpodautoscalers", `${MADE} delete`),
  allow("keda.sh", "scaledobjects", "get list create patch delete"),
  allow("", "pods", "list watch"),
  // The last lines of a pod that is not ready are the reason that is given.
  allow("", "pods/log", "get"),
  // Only those that a pipeline names are asked for: a changed one restarts the pods that read it.
  allow("", "secrets configmaps", "get"),
  allow("", "events", "create")
]

/** Which replica leads: in the operator's own namespace. */
export const leaderPermissions: ReadonlyArray<Permission> = [
  allow("coordination.k8s.io", "leases", "get create update")
]

/** Whether the definition is there, and as new as the operator; without it, it tries to list. Never in a namespace. */
export const definitionPermissions: ReadonlyArray<Permission> = [
  {
    ...allow("apiextensions.k8s.io", "customresourcedefinitions", "get"),
    resourceNames: ["orderpipelines.flowforge.dev"]
  }
]
