import { Metric } from "effect"

export const notifications = Metric.counter("flowforge_notifications_total", {
  description: "Notifications that reached their end: sent, failed (refused) or unknown",
  incremental: true
})

export const renderSeconds = Metric.histogram("flowforge_receipt_render_seconds", {
  description: "Time to render one receipt",
  boundaries: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.025, 0.05, 0.1, 0.25]
})
