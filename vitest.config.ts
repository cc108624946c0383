import { configDefaults, defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** What drives whole systems takes longest: begun last, it would be waited for alone. */
class WholeSystemsFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const sorted = await super.sort(files)
    const isWholeSystem = ({ moduleId }: TestSpecification) => moduleId.includes("/e2e/")
    return [...sorted.filter(isWholeSystem), ...sorted.filter((file) => !isWholeSystem(file))]
  }
}

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "scripts/test/**/*.test.ts", "e2e/**/*.test.ts"],
    // Those need a cluster: `npm run test:operator`.
    exclude: [...configDefaults.exclude, "packages/operator/test/cluster/**"],
    globalSetup: ["packages/testkit/src/global-setup.ts"],
    maxWorkers: 2,
    // Two fifths of the time went into importing the same modules for each file anew.
    isolate: false,
    unstubEnvs: true,
    sequence: { sequencer: WholeSystemsFirst },
    testTimeout: 20_000,
    hookTimeout: 30_000,
    reporters: ["default"]
  }
})
