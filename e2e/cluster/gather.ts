import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { attempt } from "./run.ts"
import type { Access } from "./kubectl.ts"

const LINES = "2000"
const KINDS = "all,orderpipelines,jobs,pvc,poddisruptionbudgets,ingresses,networkpolicies,configmaps,serviceaccounts"

/** Keeps what is needed to see why something failed: objects, events, and the logs of every container, in one folder. */
export const gather = async (
  { context, kubeconfig }: Access,
  namespaces: ReadonlyArray<string>,
  folder: string
): Promise<string> => {
  const ask = async (...args: ReadonlyArray<string>): Promise<string> => {
    const at = context === undefined ? [] : ["--context", context]
    return (await attempt("kubectl", [...at, ...args], { env: { KUBECONFIG: kubeconfig }, patience: 60_000 })) ?? ""
  }
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, "nodes.txt"), await ask("describe", "nodes"))
  for (const namespace of namespaces) {
    const here = join(folder, namespace)
    await mkdir(here, { recursive: true })
    const within = ["--namespace", namespace]
    await writeFile(join(here, "overview.txt"), await ask("get", KINDS, "--output", "wide", ...within))
    await writeFile(join(here, "objects.yaml"), await ask("get", KINDS, "--output", "yaml", ...within))
    await writeFile(join(here, "events.txt"), await ask("get", "events", "--sort-by=.lastTimestamp", ...within))
    await writeFile(join(here, "pipelines.txt"), await ask("describe", "orderpipelines", ...within))
    const pods = (await ask("get", "pods", "--output", "name", ...within)).split("\n").filter((name) => name !== "")
    for (const pod of pods) {
      const file = join(here, pod.replace("/", "-"))
      const logs = ["logs", pod, "--all-containers", "--prefix", "--tail", LINES, ...within]
      await writeFile(`${file}.log`, await ask(...logs))
      const before = await ask(...logs, "--previous")
      if (before !== "") await writeFile(`${file}.before.log`, before)
    }
  }
  return folder
}
