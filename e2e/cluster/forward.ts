import { type ChildProcess, spawn } from "node:child_process"
import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { freePort } from "@flowforge/platform/child-process"
import type { Access } from "./kubectl.ts"

/** A port of this machine that leads to a Service in the cluster, for as long as it is open. */
export interface Forward {
  readonly port: number
  readonly close: () => void
}

const PATIENCE_MILLIS = 60_000
const LOOK_EVERY_MILLIS = 100

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })

/** Leads to one pod of the Service; when that is gone it is opened again, to another. */
export const forward = async (
  { context, kubeconfig }: Access,
  namespace: string,
  service: string,
  servicePort: number
): Promise<Forward> => {
  const port = await freePort()
  let isOpen = true
  let child: ChildProcess | undefined
  let words = ""
  const at = context === undefined ? [] : ["--context", context]
  const open = (): void => {
    if (!isOpen) return
    child = spawn(
      "kubectl",
      [...at, "port-forward", "--namespace", namespace, `service/${service}`, `${port}:${servicePort}`],
      { env: { ...process.env, KUBECONFIG: kubeconfig }, stdio: ["ignore", "ignore", "pipe"] }
    )
    child.stderr!.on("data", (chunk) => (words = `${words}${chunk}`.slice(-2_000)))
    child.once("error", ({ message }) => (words = message))
    child.once("close", () => void sleep(LOOK_EVERY_MILLIS).then(open))
  }
  open()
  const until = performance.now() + PATIENCE_MILLIS
  while (!(await answers(port))) {
    if (performance.now() > until) {
      isOpen = false
      child?.kill()
      throw new Error(`no way to service ${service} in ${namespace}: ${words}`)
    }
    await sleep(LOOK_EVERY_MILLIS)
  }
  return {
    port,
    close: () => {
      isOpen = false
      child?.kill()
    }
  }
}
