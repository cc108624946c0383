import { configDefaults, defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "scripts/test/**/*.test.ts", "e2e/**/*.test.ts"],
    // Those need a cluster: `npm run test:operator`.
    exclude: [...configDefaults.exclude, "packages/operator/test/cluster/**"],
    globalSetup: ["packages/testkit/src/global-setup.ts"],
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    reporters: ["default"]
  }
})
