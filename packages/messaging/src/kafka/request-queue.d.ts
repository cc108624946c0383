/** An inner class of kafkajs 2.2.4, which has no types of its own. */
declare module "kafkajs/src/network/requestQueue/index.js" {
  interface SocketRequest {
    readonly sentAt: number
    readonly requestTimeout: number
    timeoutRequest(): void
  }
  export default class RequestQueue {
    readonly pending: ReadonlyArray<unknown>
    readonly inflight: ReadonlyMap<number, SocketRequest>
    readonly isConnected: () => boolean
    requestTimeoutIntervalId: NodeJS.Timeout
    scheduleCheckPendingRequests(): void
    scheduleRequestTimeoutCheck(): void
    destroy(): void
  }
}
