import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { docker, hasEngine, why } from "./docker.ts"

const IMAGE = `flowforge:test-${process.pid}`
const MEGABYTE = 1_000_000

/** Runs a script of Node in the image, as an orchestrator runs it. */
const inImage = (script: string) =>
  docker("run", "--rm", "--read-only", "--cap-drop", "ALL", "--entrypoint", "node", IMAGE, "-e", script)

describe.skipIf(!hasEngine)(`the image${why}`, () => {
  beforeAll(async () => {
    const { code, text } = await docker("build", "--target", "runtime", "-t", IMAGE, ".")
    assert.strictEqual(code, 0, text)
  })
  afterAll(() => docker("image", "rm", "--force", IMAGE))

  it("is smaller than 300 MB", async () => {
    const { text } = await docker("image", "inspect", IMAGE, "--format", "{{.Size}}")
    assert.isBelow(Number(text), 300 * MEGABYTE)
  })

  it("says what there is to run", async () => {
    const { code, text } = await docker("run", "--rm", IMAGE)
    assert.strictEqual(code, 0)
    assert.match(text, /^flowforge <process>[^]*notification[^]*prepare/u)
  })

  it("runs as nobody in particular, who can change nothing of the program, and needs no file of its own", async () => {
    const { text } = await inImage("console.log(process.getuid(), process.getgid())")
    assert.strictEqual(text.trim(), "10001 10001")
    const write = `require("node:fs").writeFileSync("/app/flowforge.mjs", "")`
    assert.match((await inImage(write)).text, /EROFS/u)
    assert.match((await docker("run", "--rm", "--entrypoint", "node", IMAGE, "-e", write)).text, /EACCES/u)
  })

  it("says what is in it: the label names a list of its packages", async () => {
    const { text } = await docker("image", "inspect", IMAGE, "--format", "{{json .Config.Labels}}")
    const labels = JSON.parse(text) as Readonly<Record<string, string>>
    assert.strictEqual(labels["dev.flowforge.sbom.format"], "CycloneDX 1.6")
    const { text: sbom } = await inImage(
      `console.log(require("node:fs").readFileSync(${JSON.stringify(labels["dev.flowforge.sbom.path"])}, "utf8"))`
    )
    const names = (JSON.parse(sbom) as { readonly components: ReadonlyArray<{ readonly name: string }> }).components
    assert.includeMembers(
      names.map(({ name }) => name),
      ["effect", "kafkajs", "pdfkit"]
    )
  })

  it("names what is missing, and ends with 1", async () => {
    const { code, text } = await docker("run", "--rm", IMAGE, "payment")
    assert.strictEqual(code, 1)
    assert.match(text, /DATABASE_URL .* is missing/u)
  })

  it.live("is told to stop as the first process of its container: it ends by itself, with 0", () =>
    Effect.gen(function* () {
      const settings = ["DATABASE_URL=postgres://nobody@127.0.0.1:1/none", "FLOWFORGE_BROKER=postgres"]
      const name = `flowforge-test-${process.pid}`
      const flags = ["--name", name, "--read-only", "--cap-drop", "ALL", ...settings.flatMap((one) => ["-e", one])]
      yield* Effect.acquireRelease(
        Effect.promise(() => docker("run", "--detach", ...flags, IMAGE, "inventory")),
        () => Effect.promise(() => docker("rm", "--force", name))
      )
      yield* eventually(
        "it waits for PostgreSQL",
        Effect.map(
          Effect.promise(() => docker("logs", name)),
          ({ text }) => text.includes("waiting for")
        ),
        "60 seconds",
        "250 millis"
      )
      yield* Effect.promise(() => docker("stop", "--time", "60", name))
      const { text } = yield* Effect.promise(() => docker("inspect", name, "--format", "{{json .State}}"))
      const state = JSON.parse(text) as { readonly Status: string; readonly ExitCode: number }
      assert.deepStrictEqual([state.Status, state.ExitCode], ["exited", 0])
    }).pipe(Effect.scoped)
  )
})
