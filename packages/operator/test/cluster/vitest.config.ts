import { join } from "node:path"
import { defineConfig } from "vitest/config"

/** `npm run test:operator`: also against the API server of a kind cluster, FLOWFORGE_TEST_CLUSTER=kind-<name>. */
export default defineConfig({
  root: join(import.meta.dirname, "../../../.."),
  test: {
    include: ["packages/operator/test/**/*.test.ts"],
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000
  }
})
