import { describe, layer } from "@effect/vitest"
import { findOutside, type OutsidePrograms } from "@flowforge/testkit/outside"
import { Effect, Layer } from "effect"
import { vi } from "vitest"
import { layerOnKafka } from "./kafka.ts"
import { tellAll } from "./told/all.ts"

// A story that waits in vain says for what, before its time is up.
vi.setConfig({ testTimeout: 180_000 })

const programs = await Effect.runPromise(findOutside)

const missing = "missing" in programs ? ` (${programs.missing.join("; ")})` : ""
const told = Layer.suspend(() => layerOnKafka(programs as OutsidePrograms))

describe.skipIf("missing" in programs)(`FlowForge on Kafka, S3, SES and SNS${missing}`, () => {
  layer(told, { excludeTestServices: true, timeout: "120 seconds" })(tellAll)
})
