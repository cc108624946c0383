import { GROUP, KIND, PLURAL, VERSION } from "./pipeline.ts"
import { VALIDATIONS } from "./rules.ts"
import { OrderPipelineSpec } from "./spec.ts"
import { OrderPipelineStatus } from "./status.ts"
import { structural } from "./structural.ts"

/** Grows with every change of the definition: an operator waits for a cluster's to be as new as its own. */
export const REVISION = 2
export const REVISION_ANNOTATION = `${GROUP}/crd-revision`

/** `<name>-notification-` and what Kubernetes adds to the names of pods must stay under 63 characters. */
const LONGEST_NAME = 40

const ready = (field: string) => `.status.conditions[?(@.type=="Ready")].${field}`

const columns = [
  { name: "Ready", type: "string", jsonPath: ready("status") },
  { name: "Status", type: "string", jsonPath: ready("reason") },
  { name: "Current", type: "string", jsonPath: ".status.image.current" },
  { name: "Target", type: "string", jsonPath: ".status.image.target" },
  { name: "Lag", type: "integer", jsonPath: ".status.lag" },
  { name: "DLQ", type: "integer", jsonPath: ".status.deadLetters.total" },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }
]

/** The definition of OrderPipeline. */
export const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: `${PLURAL}.${GROUP}`,
    annotations: { [REVISION_ANNOTATION]: String(REVISION), "helm.sh/resource-policy": "keep" },
    labels: { "app.kubernetes.io/part-of": "flowforge" }
  },
  spec: {
    group: GROUP,
    scope: "Namespaced",
    names: {
      kind: KIND,
      listKind: `${KIND}List`,
      plural: PLURAL,
      singular: KIND.toLowerCase(),
      shortNames: ["op"],
      categories: ["flowforge"]
    },
    versions: [
      {
        name: VERSION,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: columns,
        schema: {
          openAPIV3Schema: {
            type: "object",
            description:
              "One installation of FlowForge: its image, what it stands on, and how many of each process run.",
            required: ["spec"],
            properties: {
              apiVersion: { type: "string" },
              kind: { type: "string" },
              metadata: { type: "object" },
              spec: structural(OrderPipelineSpec),
              status: structural(OrderPipelineStatus)
            },
            [VALIDATIONS]: [
              {
                rule: `size(self.metadata.name) <= ${LONGEST_NAME}`,
                message: `the name must have ${LONGEST_NAME} characters or fewer: the names of its pods begin with it`
              }
            ]
          }
        }
      }
    ]
  }
}
