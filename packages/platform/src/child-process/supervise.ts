import type { ChildProcess } from "node:child_process"

/** A child process that is started again whenever it ends by itself. */
export interface SupervisedProcess {
  /** The process now; another one after a crash, none in between. */
  readonly pid: () => number | undefined
  readonly stop: () => Promise<void>
}

const PAUSE_MILLIS = 200

/**
 * Starts a process and keeps it running until `stop`. `start` resolves when the process is of use; the first failure
 * is the caller's, later ones are tried again (what a killed server held may be held a moment longer).
 */
export const superviseProcess = async (options: {
  readonly start: () => Promise<ChildProcess>
  /** Asks the process to end; waiting for it is done here. */
  readonly askToEnd: (child: ChildProcess) => void
  /** How long it may take until it is killed. */
  readonly patienceMillis: number
  readonly kill: NodeJS.Signals
}): Promise<SupervisedProcess> => {
  let current: ChildProcess | undefined
  let stopping = false
  let relaunching: Promise<void> = Promise.resolve()
  const relaunch = async (): Promise<void> => {
    while (!stopping) {
      const next = await options.start().catch(() => undefined)
      if (next !== undefined) return watch(next)
      await new Promise((wake) => setTimeout(wake, PAUSE_MILLIS))
    }
  }
  const watch = (child: ChildProcess): void => {
    if (child.exitCode !== null || child.signalCode !== null) {
      relaunching = relaunch()
      return
    }
    current = child
    child.once("exit", () => {
      current = undefined
      relaunching = relaunch()
    })
  }
  watch(await options.start())
  // A process that ends without closing its scopes, told to stop at once, takes its children along.
  const takeAlong = () => void current?.kill(options.kill)
  process.once("exit", takeAlong)
  return {
    pid: () => current?.pid,
    stop: async () => {
      stopping = true
      await relaunching
      const child = current
      if (child === undefined) return void process.removeListener("exit", takeAlong)
      await new Promise<void>((done) => {
        const impatient = setTimeout(() => child.kill(options.kill), options.patienceMillis)
        child.once("exit", () => {
          clearTimeout(impatient)
          process.removeListener("exit", takeAlong)
          done()
        })
        options.askToEnd(child)
      })
    }
  }
}
