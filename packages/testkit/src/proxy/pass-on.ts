import { type IncomingMessage, request, type ServerResponse } from "node:http"

/**
 * Passes a request on to `upstream` as it is, host and all, over a connection of its own: none that the other side may
 * be closing just now. Where no answer comes, the asker's connection breaks, too.
 */
export const passOn = (
  upstream: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answered: (answer: IncomingMessage, give: () => void) => void = (_, give) => give()
): void => {
  const { hostname, port } = new URL(upstream)
  const { headers, method, url } = incoming
  const onward = request({
    agent: false,
    hostname,
    port,
    path: url,
    headers,
    ...(method === undefined ? {} : { method })
  })
  onward.on("error", () => outgoing.destroy())
  onward.on("response", (answer) => {
    answer.on("error", () => outgoing.destroy())
    answered(answer, () => {
      // Whoever asked may have gone.
      if (outgoing.destroyed) return void answer.resume()
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
  })
  incoming.pipe(onward)
}
