import { layer } from "@effect/vitest"
import { vi } from "vitest"
import { layerProcesses } from "./processes.ts"
import { audited } from "./told/audited.ts"
import { cancelling } from "./told/cancel.ts"
import { declined } from "./told/declined.ts"
import { duplicates } from "./told/duplicates.ts"
import { happy } from "./told/happy.ts"
import { idempotency } from "./told/idempotency.ts"
import { outOfStock } from "./told/out-of-stock.ts"
import { paging } from "./told/paging.ts"
import { poison } from "./told/poison.ts"

// A story that waits in vain says for what, before its time is up.
vi.setConfig({ testTimeout: 90_000 })

layer(layerProcesses, { excludeTestServices: true, timeout: "60 seconds" })("FlowForge as separate processes", (it) => {
  happy(it)
  declined(it)
  outOfStock(it)
  cancelling(it)
  idempotency(it)
  paging(it)
  duplicates(it)
  poison(it)
  audited(it)
})
