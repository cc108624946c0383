import { HELM } from "./kubectl.ts"
import { attempt } from "./run.ts"

/** Programs that are needed, how they say their version, and where they come from. */
const TOOLS = {
  docker: { ask: ["version", "--format", "{{.Client.Version}}"], from: "https://docs.docker.com/engine/install" },
  kind: { ask: ["version"], from: "https://kind.sigs.k8s.io/docs/user/quick-start/#installation" },
  kubectl: { ask: ["version", "--client"], from: "https://kubernetes.io/docs/tasks/tools" },
  helm: { ask: ["version", "--short"], from: "https://helm.sh/docs/intro/install (3.19 or newer)" }
} as const

export class ToolsMissing extends Error {}

/** Fails with what to install where one of these does not run. */
export const needTools = async (names: ReadonlyArray<keyof typeof TOOLS>): Promise<void> => {
  const found = await Promise.all(names.map((name) => attempt(name === "helm" ? HELM : name, TOOLS[name].ask)))
  const missing = names.filter((_, at) => found[at] === undefined).map((name) => `  ${name}: ${TOOLS[name].from}`)
  if (missing.length > 0) throw new ToolsMissing(`These programs are needed, and do not run:\n${missing.join("\n")}`)
  if (names.includes("docker") && (await attempt("docker", ["info"])) === undefined) {
    throw new ToolsMissing("The Docker engine does not answer: start it (docker info says more).")
  }
}
