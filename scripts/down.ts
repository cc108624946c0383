import { parseArgs } from "node:util"
import { forgetSystem } from "@flowforge/embedded"
import { runCompose, troubleWithDocker } from "./up/docker.ts"
import { stackFolder } from "./up/folder.ts"
import { complain, say } from "./up/say.ts"
import { PROCESSES } from "./up/stack.ts"

// `npm run down`: stops what `npm run up` started, in order, and takes back the word of it.

const HELP = `npm run down [-- --volumes]

Stops the FlowForge of "npm run up". Its data stay for the next one, unless --volumes clears them.`

const down = async (options: ReadonlyArray<string>): Promise<number> => {
  const trouble = troubleWithDocker()
  if (trouble !== undefined) {
    complain(trouble)
    return 1
  }
  const code = await runCompose("--profile", PROCESSES, "down", "--remove-orphans", ...options)
  if (code === 0) await forgetSystem(stackFolder())
  return code
}

try {
  const { values } = parseArgs({
    options: { volumes: { type: "boolean", short: "v", default: false }, help: { type: "boolean", short: "h" } }
  })
  if (values.help) say(HELP)
  else process.exitCode = await down(values.volumes ? ["--volumes"] : [])
} catch (error) {
  complain(`${(error as Error).message}\n\n${HELP}`)
  process.exitCode = 2
}
