import { run, type RunOptions } from "./run.ts"

/** Where `kubectl` and `helm` are to look, and nowhere else. */
export interface Access {
  readonly kubeconfig: string
  /** The kubeconfig's current one where it is not given. */
  readonly context?: string | undefined
}

/** HELM: another Helm than the one that is called so. */
export const HELM = process.env["HELM"] || "helm"

const env = ({ kubeconfig }: Access) => ({ KUBECONFIG: kubeconfig })

export const kubectl = (access: Access, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<string> =>
  run("kubectl", [...(access.context === undefined ? [] : ["--context", access.context]), ...args], {
    ...options,
    env: env(access)
  })

export const helm = (access: Access, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<string> =>
  run(HELM, [...(access.context === undefined ? [] : ["--kube-context", access.context]), ...args], {
    ...options,
    env: env(access)
  })

/** Server-side apply: a second run changes nothing. */
export const apply = (access: Access, namespace: string, manifests: string): Promise<string> =>
  kubectl(access, ["apply", "--server-side", "--force-conflicts", "--namespace", namespace, "--filename", "-"], {
    input: manifests
  })

// oxlint-disable-next-line typescript/no-explicit-any -- what the API server answers, of any kind
export const getJson = async (access: Access, args: ReadonlyArray<string>): Promise<any> =>
  JSON.parse(await kubectl(access, ["get", ...args, "--output", "json"]))
