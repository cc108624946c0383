import type { OrderPipeline } from "../resource/index.ts"
import { environmentOf } from "./environment.ts"
import { Annotations, type ComponentName, isJob, labelsOf, selectorOf } from "./labels.ts"
import { merge } from "./merge.ts"
import { configurationHash, type Referenced } from "./references.ts"

/** The container of every pod, for people who shape it by `podTemplate`. */
export const CONTAINER = "flowforge"

export const PORTS = { public: 8080, management: 9090 } as const

/** What the image's user is. */
const USER = 10001

/** Time for load balancers to see that a pod goes, then SHUTDOWN_TIMEOUT (25 s) and a little more. */
const SECONDS_BEFORE_STOP = 5
const SECONDS_TO_STOP = 40

const probe = (path: string, rest: object) => ({ httpGet: { path, port: "management" }, timeoutSeconds: 3, ...rest })

/** Two minutes to start, because migrations may be under way; then 30 s without a sign of life are enough. */
const probes = {
  startupProbe: probe("/health/live", { periodSeconds: 2, failureThreshold: 60 }),
  livenessProbe: probe("/health/live", { periodSeconds: 10, failureThreshold: 3 }),
  readinessProbe: probe("/health/ready", { periodSeconds: 5, failureThreshold: 2 })
}

const lifecycle = { preStop: { sleep: { seconds: SECONDS_BEFORE_STOP } } }

const containerOf = (pipeline: OrderPipeline, component: ComponentName) => ({
  name: CONTAINER,
  image: pipeline.spec.image,
  args: [component],
  env: environmentOf(pipeline, component),
  // The last lines of what failed are what people need to read.
  terminationMessagePolicy: "FallbackToLogsOnError",
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true
  },
  // The heap is bounded at 256 MiB by the image; the rest is buffers and code. No limit of CPU: it would only slow requests down.
  resources: { requests: { cpu: "50m", memory: "160Mi" }, limits: { memory: "448Mi" } },
  volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
  ...(isJob(component) ? {} : { ports: portsOf(component), lifecycle, ...probes })
})

const portsOf = (component: ComponentName) => [
  ...(component === "api" ? [{ name: "public", containerPort: PORTS.public }] : []),
  { name: "management", containerPort: PORTS.management }
]

const spread = (pipeline: string, component: ComponentName) =>
  ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: selectorOf(pipeline, component) }
  }))

/** The pods of a process: restricted, then as people shape them, for all and then for this one. */
export const podTemplateOf = (pipeline: OrderPipeline, component: ComponentName, referenced: Referenced): any => {
  const { name } = pipeline.metadata
  const { podTemplate, services } = pipeline.spec
  const base = {
    metadata: {
      labels: labelsOf(name, component),
      annotations: {
        [Annotations.configuration]: configurationHash(environmentOf(pipeline, component), referenced)
      }
    },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        seccompProfile: { type: "RuntimeDefault" }
      },
      containers: [containerOf(pipeline, component)],
      volumes: [{ name: "tmp", emptyDir: { sizeLimit: "64Mi" } }],
      ...(isJob(component)
        ? { restartPolicy: "Never" }
        : { terminationGracePeriodSeconds: SECONDS_TO_STOP, topologySpreadConstraints: spread(name, component) })
    }
  }
  return merge(merge(base, podTemplate), isJob(component) ? undefined : services[component]?.podTemplate)
}
