import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { HEAP_FLAGS, HEAP_FLAGS_OF_ONE_PROCESS } from "./heap-flags.ts"

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")

describe("the flags with which figures are taken", () => {
  it("are those of npm start", () => {
    const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: { readonly start: string } }
    assert.include(scripts.start, `node ${HEAP_FLAGS_OF_ONE_PROCESS.join(" ")} packages/`)
  })

  it("are those of the image", () => {
    assert.include(
      read("Dockerfile"),
      `ENTRYPOINT ${JSON.stringify(["node", ...HEAP_FLAGS, "/app/flowforge.mjs"]).replaceAll(",", ", ")}`
    )
  })
})
