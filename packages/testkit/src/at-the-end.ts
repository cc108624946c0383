import { type ChildProcess, spawn } from "node:child_process"

/** Runs a shell script with these arguments once this process has ended, however it ends, also by kill -9. */
export const atTheEnd = (script: string, ...args: ReadonlyArray<string>): ChildProcess => {
  // Its input ends with this process. In a session of its own: Ctrl-C does not reach it.
  const shell = spawn("/bin/sh", ["-c", `cat > /dev/null\n${script}`, "at-the-end", ...args], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  shell.unref()
  ;(shell.stdin as unknown as { unref(): void }).unref()
  return shell
}
