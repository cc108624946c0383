import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Agent, type Dispatcher } from "undici"

/** Where the API server is, and how it is told who we are. */
export interface Credentials {
  readonly server: string
  /** For each request: tokens are exchanged while we run. */
  readonly identify: () => Promise<{
    readonly headers: Readonly<Record<string, string>>
    readonly dispatcher: Dispatcher | undefined
  }>
}

/** Where Kubernetes puts the token of a pod's ServiceAccount. */
export const ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"

/** A pod's own, which is all that an operator in a cluster needs: Kubernetes' client for Node costs 80 MB. */
export const ofPod = async (server: string, folder = ACCOUNT_FOLDER): Promise<Credentials> => {
  const ca = await readFile(join(folder, "ca.crt"), "utf8")
  const dispatcher = new Agent({ connect: { ca } })
  return {
    server,
    // The kubelet writes a new one long before the old one ends.
    identify: async () => ({
      headers: { authorization: `Bearer ${(await readFile(join(folder, "token"), "utf8")).trim()}` },
      dispatcher
    })
  }
}

/** By KUBECONFIG or ~/.kube/config, with whatever plugins those name. */
export const ofKubeconfig = async (context?: string): Promise<Credentials> => {
  const { HttpMethod, KubeConfig, RequestContext } = await import("@kubernetes/client-node")
  const config = new KubeConfig()
  config.loadFromDefault()
  if (context !== undefined) config.setCurrentContext(context)
  const server = config.getCurrentCluster()?.server
  if (server === undefined) throw new Error("the kubeconfig names no cluster")
  return {
    server,
    identify: async () => {
      const request = new RequestContext(server, HttpMethod.GET)
      await config.applySecurityAuthentication(request)
      return { headers: request.getHeaders(), dispatcher: request.getDispatcher() as Dispatcher | undefined }
    }
  }
}
