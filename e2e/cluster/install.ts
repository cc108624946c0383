import { helm, type Access } from "./kubectl.ts"
import { root } from "./settings.ts"

const PATIENCE = "5m"

type Values = Readonly<Record<string, string | number | boolean>>

const set = (values: Values): ReadonlyArray<string> =>
  Object.entries(values).flatMap(([name, value]) => [
    typeof value === "string" ? "--set-string" : "--set",
    `${name}=${String(value).replaceAll(",", "\\,")}`
  ])

const release = (access: Access, name: string, chart: string, namespace: string, args: ReadonlyArray<string>) =>
  helm(
    access,
    ["upgrade", "--install", name, `charts/${chart}`, "--namespace", namespace, "--create-namespace", ...args],
    { cwd: root }
  )

/** The definitions outlive their release: after a reinstall they are taken over. */
export const installDefinitions = (access: Access, namespace: string): Promise<string> =>
  release(access, "flowforge-crds", "flowforge-crds", namespace, ["--take-ownership"])

export const installOperator = (access: Access, namespace: string, values: Values): Promise<string> =>
  release(access, "flowforge-operator", "flowforge-operator", namespace, [
    ...set(values),
    "--wait",
    "--timeout",
    PATIENCE
  ])

/** Without waiting: whoever calls wants to see how it goes. */
export const installPipeline = (
  access: Access,
  { name, namespace, values }: { readonly name: string; readonly namespace: string; readonly values: Values }
): Promise<string> =>
  release(access, name, "flowforge", namespace, [
    "--values",
    "charts/flowforge/examples/dependencies.yaml",
    ...set(values)
  ])

/** Changes some values of a release, and keeps the others. */
export const upgradePipeline = (
  access: Access,
  { name, namespace, values }: { readonly name: string; readonly namespace: string; readonly values: Values }
): Promise<string> => release(access, name, "flowforge", namespace, ["--reuse-values", ...set(values)])

/** Back to what the release before said. */
export const rollbackPipeline = (access: Access, name: string, namespace: string): Promise<string> =>
  helm(access, ["rollback", name, "--namespace", namespace])

/** Waits until all that the release made is gone. */
export const uninstallRelease = (access: Access, name: string, namespace: string): Promise<string> =>
  helm(
    access,
    `uninstall ${name} --namespace ${namespace} --wait --cascade foreground --timeout ${PATIENCE}`.split(" ")
  )

/** Asks the installation whether it works: the chart's own test. Answers what it said. */
export const testRelease = (access: Access, name: string, namespace: string): Promise<string> =>
  helm(access, ["test", name, "--namespace", namespace, "--logs", "--timeout", PATIENCE])
