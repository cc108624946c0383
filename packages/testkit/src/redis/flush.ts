import { connect } from "node:net"
import { connect as connectTls } from "node:tls"

/** Empties the server, with a client of its own: the code under test sees nothing but the loss. */
export const flushAll = (port: number, password: string | undefined, certificate: string | undefined): Promise<void> =>
  new Promise((done, fail) => {
    const commands = [...(password === undefined ? [] : [`AUTH ${password}`]), "FLUSHALL SYNC"]
    const at = { host: "127.0.0.1", port }
    const socket = certificate === undefined ? connect(at) : connectTls({ ...at, ca: certificate })
    let said = ""
    socket.once("error", fail)
    socket.on("data", (chunk) => {
      said += String(chunk)
      if (said.split("\r\n").length <= commands.length) return
      socket.destroy()
      if (said === "+OK\r\n".repeat(commands.length)) done()
      else fail(new Error(`FLUSHALL: ${said}`))
    })
    socket.write(`${commands.join("\r\n")}\r\n`)
  })
