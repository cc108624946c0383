import { spawn } from "node:child_process"

/** Waits for the end of its input, which comes with the end of this process; then ends the server and its folder. */
const CLEAN_UP = `
  cat > /dev/null
  pid=$(head -n 1 "$1/pid" 2> /dev/null)
  if [ -n "$pid" ] && ps -p "$pid" -ww -o command= 2> /dev/null | grep -qF "$1/"; then kill -KILL "$pid"; fi
  rm -rf "$1"
`

/** Sees to it that no server stays behind in the folder, frozen or not, also after kill -9 of the run. */
export const leaveKafkaJanitor = (folder: string): void => {
  // In a session of its own: Ctrl-C does not reach it.
  const janitor = spawn("/bin/sh", ["-c", CLEAN_UP, "janitor", folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  janitor.unref()
  ;(janitor.stdin as unknown as { unref(): void }).unref()
}
