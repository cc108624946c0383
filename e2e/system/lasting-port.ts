import { once } from "node:events"
import { createServer } from "node:net"

const FIRST = 20_000
const COUNT = 12_000

/**
 * A port for a system that is killed and started again: below those that the kernel hands out, so that while the system
 * is down no connection and no other test gets it by chance.
 */
export const lastingPort = async (): Promise<number> => {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    const server = createServer()
    const isFree = await new Promise<boolean>((answer) => {
      server.once("error", () => answer(false))
      server.listen(port, "127.0.0.1", () => answer(true))
    })
    if (!isFree) continue
    server.close()
    await once(server, "close")
    return port
  }
}
