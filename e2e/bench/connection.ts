import { connect, type Socket } from "node:net"

/** An answer, with the time it took to arrive since it was asked for. */
export interface Answer {
  readonly status: number
  readonly body: string
}

/**
 * One keep-alive HTTP/1.1 connection that has one request under way at a time. Written on the socket itself, since the
 * load generator shares two cores with what it measures: a general client costs more than the server under test.
 */
export class Connection {
  #socket: Socket | undefined
  #received = ""
  #settle: ((answer: Answer | undefined) => void) | undefined
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  /** Undefined when the connection broke before the whole answer was there. */
  request(text: string): Promise<Answer | undefined> {
    return new Promise((done) => {
      this.#settle = done
      this.#socket ??= this.#open()
      this.#socket.write(text)
    })
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket = connect({ host: "127.0.0.1", port: this.#port, noDelay: true })
    socket.setEncoding("latin1")
    socket.on("data", (chunk: string) => this.#take(chunk))
    socket.on("error", () => {})
    socket.on("close", () => {
      this.#socket = undefined
      this.#received = ""
      this.#finish(undefined)
    })
    return socket
  }

  #take(chunk: string): void {
    this.#received += chunk
    const headEnd = this.#received.indexOf("\r\n\r\n")
    if (headEnd < 0) return
    const head = this.#received.slice(0, headEnd).toLowerCase()
    const length = Number(/content-length: (\d+)/u.exec(head)?.[1] ?? 0)
    if (this.#received.length < headEnd + 4 + length) return
    const body = this.#received.slice(headEnd + 4, headEnd + 4 + length)
    const status = Number(head.slice(9, 12))
    this.#received = this.#received.slice(headEnd + 4 + length)
    if (head.includes("connection: close")) this.#socket?.destroy()
    this.#finish({ status, body })
  }

  #finish(answer: Answer | undefined): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(answer)
  }
}
