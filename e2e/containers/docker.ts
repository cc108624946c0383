import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const run = promisify(execFile)
const root = fileURLToPath(new URL("../..", import.meta.url))
const MOST_OUTPUT = 64_000_000

/** What a program answers in the repository, however it ends. */
export const answerOf = async (
  program: string,
  words: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {}
) =>
  run(program, words, { cwd: root, env: { ...process.env, ...environment }, maxBuffer: MOST_OUTPUT }).then(
    ({ stderr, stdout }) => ({ code: 0, text: stdout + stderr }),
    (error: { readonly code?: unknown; readonly stdout?: string; readonly stderr?: string }) => ({
      code: error.code,
      text: `${error.stdout ?? ""}${error.stderr ?? ""}`
    })
  )

export const docker = (...words: ReadonlyArray<string>) => answerOf("docker", words)

export const hasEngine = (await docker("version", "--format", "{{.Server.Version}}")).code === 0
/** Belongs into the title of what is skipped without one. */
export const why = hasEngine ? "" : " (skipped: no Docker engine answers on this machine)"
