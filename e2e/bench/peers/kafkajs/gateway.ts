import { Agent, request } from "node:http"

/** What the payment company says about a key. */
export interface Payment {
  readonly status: "captured" | "declined" | "voided" | "refunded"
  readonly txn_id?: string
  readonly decline_reason?: string
}

/** Calls of the payment company: kept-alive connections, a second for each call, everything under a key. */
export const makeGateway = (url: string) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  return (path: string, key: string, body: object): Promise<Payment> =>
    new Promise((done, fail) => {
      const text = JSON.stringify(body)
      const headers = {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
        "idempotency-key": key
      }
      const call = request(new URL(path, url), { method: "POST", agent, headers, timeout: 1_000 }, (response) => {
        let answer = ""
        response.setEncoding("utf8")
        response.on("data", (chunk: string) => (answer += chunk))
        response.on("end", () =>
          response.statusCode === 200
            ? done(JSON.parse(answer) as Payment)
            : fail(new Error(`the payment company answers ${response.statusCode}`))
        )
        response.on("error", fail)
      })
      call.on("timeout", () => call.destroy(new Error("the payment company does not answer")))
      call.on("error", fail)
      call.end(text)
    })
}
