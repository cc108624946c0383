import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { Effect } from "effect"

/** The payment company as a process of its own. It ends with its standard input, and so with this process. */
export const launchGateway = (program: string, path: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child: ChildProcess = spawn(process.execPath, [program], {
        env: { GATEWAY_PORT: "0", GATEWAY_FOLDER: path, GATEWAY_WITH_PARENT: "1" },
        stdio: ["pipe", "pipe", "inherit"]
      })
      const [line] = (await once(createInterface(child.stdout!), "line")) as [string]
      return { child, url: (JSON.parse(line) as { readonly url: string }).url }
    }),
    ({ child }) =>
      Effect.promise(async () => {
        child.stdin?.end()
        if (child.exitCode === null) await once(child, "exit")
      })
  )
