// oxlint-disable-next-line typescript/triple-slash-reference -- who imports this package has to find the declaration, too
/// <reference path="./request-queue.d.ts" />
import RequestQueue from "kafkajs/src/network/requestQueue/index.js"

const { prototype } = RequestQueue
const schedule = prototype.scheduleCheckPendingRequests

/**
 * kafkajs 2.2.4 looks for pending requests of each connection again and again, also when there are none: 5% of a core for
 * an idle client. A request that comes schedules its own look, so with none pending there is nothing to schedule.
 * Importing this file mends the class for the whole process.
 */
prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) schedule.call(this)
}
