import { defineConfig } from "vitest/config"

// What is true of an installation in a cluster: run by `npm run e2e`, which makes one, and not by `npm test`.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["tests/*.cluster.ts"],
    // All in one installation, one after the other.
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000
  }
})
