export { type KubernetesError, Refused, Unavailable } from "./errors.ts"
export { type Kind, Kinds, kindOf } from "./kinds.ts"
export { isConflict, isNotFound, Kubernetes, type Selection, type WatchEvent } from "./kubernetes.ts"
export type { Manifest, ObjectMeta, OwnerReference } from "./manifest.ts"
