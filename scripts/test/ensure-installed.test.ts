import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, lstatSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { assert, describe, it, vi } from "@effect/vitest"
import { onTestFinished } from "vitest"
import { tree } from "./tree.ts"

const script = readFileSync(join(import.meta.dirname, "../ensure-installed"), "utf8")

/** Does what the script knows of `npm ci`; while there is a file `hold`, it waits; where there is one `broken`, it fails. */
const NPM = `#!/bin/sh
echo "$*" >>calls
rm -rf node_modules
while [ -e hold ]; do sleep 0.02; done
[ ! -e broken ] || exit 7
mkdir node_modules
echo {} >node_modules/.package-lock.json
`

const HOUR = 3_600

/** A clone of the repository, as far as the script looks at one. */
const clone = () => {
  const root = tree({ "scripts/ensure-installed": script, "package-lock.json": "one", "bin/npm": NPM })
  chmodSync(join(root, "bin/npm"), 0o755)
  const at = (path: string) => join(root, path)
  /** Starts the script; `said` is what it has said so far. */
  const start = () => {
    const child = spawn("sh", [at("scripts/ensure-installed")], {
      env: { PATH: `${at("bin")}${delimiter}${process.env["PATH"]}` },
      stdio: ["ignore", "pipe", "pipe"]
    })
    onTestFinished(() => void child.kill("SIGKILL"))
    let text = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk))
    return { child, said: () => text, ended: once(child, "close").then(([code]) => ({ code, text })) }
  }
  return {
    root,
    at,
    start,
    run: () => start().ended,
    isLocked: () => lstatSync(at(".installing"), { throwIfNoEntry: false }) !== undefined,
    installed: () => (existsSync(at("calls")) ? readFileSync(at("calls"), "utf8").trim().split("\n").length : 0),
    /** Writes the lockfile so that it looks this much older, or newer. */
    lock: (content: string, seconds: number) => {
      writeFileSync(at("package-lock.json"), content)
      const time = Date.now() / 1_000 + seconds
      utimesSync(at("package-lock.json"), time, time)
    }
  }
}

const nothing = { code: 0, text: "" }
const first = { code: 0, text: "Installing dependencies …\n" }
const again = { code: 0, text: "package-lock.json has changed: installing its dependencies …\n" }

describe("ensure-installed", () => {
  it("installs on a fresh clone, and then no more", async () => {
    const { at, installed, isLocked, run } = clone()
    assert.deepStrictEqual(await run(), first)
    assert.isFalse(isLocked())
    assert.deepStrictEqual(await run(), nothing)
    assert.strictEqual(installed(), 1)
    assert.strictEqual(readFileSync(at("calls"), "utf8"), "ci --no-audit --no-fund\n")
  })

  it("looks at what the lockfile says, not at how old it is", async () => {
    const { lock, run } = clone()
    await run()
    lock("one", HOUR)
    assert.deepStrictEqual(await run(), nothing)
    lock("two", -HOUR)
    assert.deepStrictEqual(await run(), again)
  })

  it("lets stand what npm was told to install by hand, until the lockfile changes", async () => {
    const { at, installed, lock, run } = clone()
    lock("one", -HOUR)
    await once(spawn(at("bin/npm"), ["install"], { cwd: at(".") }), "close")
    assert.deepStrictEqual(await run(), nothing)
    lock("one", HOUR)
    assert.deepStrictEqual(await run(), nothing)
    assert.strictEqual(installed(), 1)
    lock("two", HOUR)
    assert.deepStrictEqual(await run(), again)
  })

  it("makes a second one wait for the first and say so, and installs once", async () => {
    const { at, installed, start } = clone()
    writeFileSync(at("hold"), "")
    const one = start()
    await vi.waitUntil(() => installed() === 1, { timeout: 10_000 })
    const other = start()
    await vi.waitUntil(() => other.said() !== "", { timeout: 10_000 })
    const text = `Another command (process ${one.child.pid}) installs the dependencies: waiting for it …\n`
    assert.strictEqual(other.said(), text)
    rmSync(at("hold"))
    assert.deepStrictEqual(await one.ended, first)
    assert.deepStrictEqual(await other.ended, { code: 0, text })
    assert.strictEqual(installed(), 1)
  })

  it("has one of several take over from a process that was killed, whoever has its id by now", async () => {
    const dead = spawn("true")
    await once(dead, "close")
    const stranger = spawn("sleep", ["60"])
    onTestFinished(() => void stranger.kill())
    for (const { pid } of [dead, stranger]) {
      const { at, installed, isLocked, start } = clone()
      symlinkSync(String(pid), at(".installing"))
      writeFileSync(at("hold"), "")
      const started = Array.from({ length: 5 }, start)
      await vi.waitUntil(() => installed() > 0 && started.every(({ said }) => said() !== ""), { timeout: 10_000 })
      rmSync(at("hold"))
      for (const { ended } of started) assert.strictEqual((await ended).code, 0)
      assert.strictEqual(installed(), 1)
      assert.isFalse(isLocked())
    }
  })

  it("fails with npm, and tries anew the next time", async () => {
    const { at, installed, isLocked, run } = clone()
    writeFileSync(at("broken"), "")
    assert.strictEqual((await run()).code, 7)
    assert.isFalse(isLocked())
    rmSync(at("broken"))
    assert.deepStrictEqual(await run(), first)
    assert.strictEqual(installed(), 2)
  })

  it("leaves alone what a link in the place of node_modules leads to, and says what to do", async () => {
    const elsewhere = tree({ "package/index.js": "" })
    const { at, installed, run } = clone()
    symlinkSync(elsewhere, at("node_modules"))
    const { code, text } = await run()
    assert.strictEqual(code, 1)
    assert.include(text, `node_modules is a link to ${elsewhere}`)
    assert.include(text, "Remove the link (rm node_modules) and try again")
    assert.isTrue(existsSync(join(elsewhere, "package/index.js")))
    assert.strictEqual(installed(), 0)
  })
})
