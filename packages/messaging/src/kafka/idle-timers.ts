// oxlint-disable-next-line typescript/triple-slash-reference -- who imports this package has to find the declaration, too
/// <reference path="./request-queue.d.ts" />
import RequestQueue from "kafkajs/src/network/requestQueue/index.js"

/*
 * What kafkajs 2.2.4 does when nothing comes, mended for the whole process by importing this file. Every connection has a
 * queue of its own, and each service has several connections.
 */
const { prototype } = RequestQueue

/**
 * It looks for pending requests again and again, also when there are none: 5% of a core for an idle client. A request
 * that comes schedules its own look, so with none pending there is nothing to schedule.
 */
const schedule = prototype.scheduleCheckPendingRequests
prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) schedule.call(this)
}

/** It looks ten times a second whether a request is overdue. Their time limits are seconds. */
const OVERDUE_CHECK_MILLIS = 1_000
prototype.scheduleRequestTimeoutCheck = function () {
  this.destroy()
  this.requestTimeoutIntervalId = setInterval(() => {
    const now = Date.now()
    for (const request of this.inflight.values()) {
      if (now - request.sentAt > request.requestTimeout) request.timeoutRequest()
    }
    if (!this.isConnected()) this.destroy()
  }, OVERDUE_CHECK_MILLIS)
}
