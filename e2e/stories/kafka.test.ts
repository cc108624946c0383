import { describe, layer } from "@effect/vitest"
import { findOutside } from "@flowforge/testkit/outside"
import { Effect } from "effect"
import { vi } from "vitest"
import { layerOnKafka } from "./kafka.ts"
import { tellAll } from "./told/all.ts"

// A story that waits in vain says for what, before its time is up.
vi.setConfig({ testTimeout: 180_000 })

const programs = await Effect.runPromise(findOutside)

if ("missing" in programs) {
  describe.skip(`FlowForge on Kafka, S3, SES and SNS (${programs.missing.join("; ")})`, () => {})
} else {
  layer(layerOnKafka(programs), { excludeTestServices: true, timeout: "120 seconds" })(
    "FlowForge on Kafka, S3, SES and SNS",
    tellAll
  )
}
