import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** The stories first: after them it is known that a rollout has something to lose. The page last: it makes an installation of its own. */
const ORDER = ["stories", "rollouts", "reinstall", "documentation"]

class InOrder extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const place = ({ moduleId }: TestSpecification) => ORDER.findIndex((name) => moduleId.includes(`/${name}.`))
    return files.toSorted((one, other) => place(one) - place(other))
  }
}

// What is true of an installation in a cluster: run by `npm run e2e`, which makes one, and not by `npm test`.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["tests/*.cluster.ts"],
    // All in one installation, one after the other.
    maxWorkers: 1,
    sequence: { sequencer: InOrder },
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000
  }
})
