import { atTheEnd } from "./at-the-end.ts"

/**
 * What is still there at the end is stopped and removed: the server, told from another process with its id by its command
 * line, and the folder.
 */
const CLEAN_UP = `
  pid=$(head -n 1 "$1/postgres/cluster/postmaster.pid" 2> /dev/null)
  is_server() { ps -p "$pid" -o command= 2> /dev/null | grep -qF "$1/postgres/cluster"; }
  if [ -n "$pid" ] && is_server "$1"; then
    kill -QUIT "$pid"
    while is_server "$1"; do sleep 0.05; done
  fi
  rm -rf "$1"
`

/** Sees to it that nothing of a test run stays behind in the folder, also after kill -9 of the run. */
export const leaveJanitor = (folder: string): void => void atTheEnd(CLEAN_UP, folder)
