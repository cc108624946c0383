import { type ChildProcess, spawn } from "node:child_process"

/** A program that somebody else wrote ended with an error. `message` is what it said, last lines first to be read. */
export class CommandFailed extends Error {
  readonly command: string

  constructor(command: string, text: string) {
    super(`${command}:\n${text.trim().split("\n").slice(-15).join("\n")}`)
    this.command = command
  }
}

export interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Milliseconds. */
  readonly patience?: number
}

const underWay = new Set<ChildProcess>()

/** Ends every program that runs here now: whoever waits for one learns that it failed. */
export const endAll = (): void => {
  for (const child of underWay) child.kill()
}

const followed = (child: ChildProcess): ChildProcess => {
  underWay.add(child)
  return child.once("close", () => underWay.delete(child))
}

/** Runs a program that people watch, and answers how it ended. */
export const runInView = (command: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env }
    const child = followed(spawn(command, args, { cwd: options.cwd, env, stdio: ["ignore", "inherit", "inherit"] }))
    child.once("error", reject)
    child.once("close", (code) => resolve(code ?? 1))
  })

/** Runs a program to its end, and answers what it printed. */
export const run = (command: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.patience ?? 900_000
    })
    followed(child)
    let [out, err] = ["", ""]
    child.stdout.on("data", (chunk) => (out += chunk))
    child.stderr.on("data", (chunk) => (err += chunk))
    // A program that ends without reading what it was given has said why.
    child.stdin.on("error", () => {})
    child.stdin.end(options.input ?? "")
    const what = `${command} ${args.join(" ")}`
    child.once("error", (error) => reject(new CommandFailed(what, error.message)))
    child.once("close", (code, signal) =>
      code === 0 ? resolve(out) : reject(new CommandFailed(what, `${out}\n${err}\n(ended with ${code ?? signal})`))
    )
  })

/** What it printed, or undefined where it failed. */
export const attempt = (command: string, args: ReadonlyArray<string>, options?: RunOptions) =>
  run(command, args, options).catch(() => undefined)
