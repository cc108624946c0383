import { layer } from "@effect/vitest"
import { vi } from "vitest"
import { layerEmbedded } from "./embedded.ts"
import { tellInOneProcess } from "./told/all.ts"

// A story that waits in vain says for what, before its time is up.
vi.setConfig({ testTimeout: 90_000 })

layer(layerEmbedded, { excludeTestServices: true, timeout: "60 seconds" })("FlowForge in one process", tellInOneProcess)
