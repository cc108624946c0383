import { join } from "node:path"
import { defineConfig } from "vitest/config"

/** `npm run test:containers`: apart from `npm test`, since a build takes minutes and needs a Docker engine. */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    include: ["e2e/containers/*.containers.ts"],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 900_000
  }
})
