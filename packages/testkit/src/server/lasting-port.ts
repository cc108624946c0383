import { randomInt } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:net"

const FIRST = 20_000
const COUNT = 12_000

/** One that is not listened to yet may have been given already. */
const given = new Set<number>()

/**
 * A port for what is killed and started again: below those that the kernel hands out, so that meanwhile no connection and
 * no other test gets it by chance.
 */
export const lastingPort = async (): Promise<number> => {
  for (;;) {
    const port = FIRST + randomInt(COUNT)
    if (given.has(port)) continue
    given.add(port)
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
