import { once } from "node:events"
import { createServer } from "node:net"
import type { StackPort } from "./stack.ts"

/** Ports that somebody else holds, in words for who wants them. */
export const takenPorts = async (ports: ReadonlyArray<StackPort>): Promise<ReadonlyArray<string>> => {
  const taken = await Promise.all(ports.map(async (one) => ((await isFree(one.port)) ? [] : [one])))
  return taken
    .flat()
    .map(
      ({ port, variable }) =>
        `Port ${port} is taken. Stop what listens there, or choose another one: ${variable}=${port + 1} npm run up`
    )
}

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer()
  try {
    server.listen(port, "127.0.0.1")
    await once(server, "listening")
    server.close()
    await once(server, "close")
    return true
  } catch (error) {
    // A port below 1024 is another matter, which Docker will speak of.
    return (error as NodeJS.ErrnoException).code !== "EADDRINUSE"
  }
}
