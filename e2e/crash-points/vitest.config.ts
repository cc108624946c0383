import { join } from "node:path"
import { defineConfig } from "vitest/config"

/** `npm run test:crash-points`: with Kafka as well, whose rounds take longer than `npm test` has. */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    include: ["e2e/crash-points/*.test.ts", "e2e/crash-points/*.crash-points.ts"],
    globalSetup: ["packages/testkit/src/global-setup.ts"],
    fileParallelism: false
  }
})
