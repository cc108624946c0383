import { spawn } from "node:child_process"

/**
 * Waits for the end of its input, which comes with the end of this process; then ends the server, known by its
 * command line, and removes the folder.
 */
const CLEAN_UP = `
  cat > /dev/null
  pid=$(head -n 1 "$1/pid" 2> /dev/null)
  if [ -n "$pid" ] && ps -p "$pid" -o command= 2> /dev/null | grep -qF "$2"; then kill -KILL "$pid"; fi
  rm -rf "$1"
`

/** Sees to it that no server stays behind in the folder, frozen or not, also after kill -9 of the run. */
export const leaveServerJanitor = (folder: string, known: string): void => {
  // In a session of its own: Ctrl-C does not reach it.
  const janitor = spawn("/bin/sh", ["-c", CLEAN_UP, "janitor", folder, known], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  janitor.unref()
  ;(janitor.stdin as unknown as { unref(): void }).unref()
}
