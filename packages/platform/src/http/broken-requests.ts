import { STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { type Problem, problems } from "./problem.ts"

const problemOf = (code: string | undefined): Problem => {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return problems.headTooLarge
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return problems.tooSlow
    default:
      return problems.notHttp
  }
}

/** Answers what never became a request: a head that is no HTTP, or too large, or a request that did not arrive in time. */
export const answerBrokenRequest = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy()
    return
  }
  const problem = problemOf(error.code)
  const body = JSON.stringify(problem)
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      "content-type: application/problem+json",
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      "",
      body
    ].join("\r\n"),
    // A client that reads nothing does not keep the connection.
    () => socket.destroy()
  )
}
