import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { freePort } from "@flowforge/platform/child-process"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { answerOf, docker, hasEngine, why } from "./docker.ts"

const PROJECT = `flowforge-test-${process.pid}`
const PORTS = [
  "PORT",
  "MANAGEMENT_PORT",
  "GATEWAY_PORT",
  "MAIL_PORT",
  "S3_PORT",
  "POSTGRES_PORT",
  "KAFKA_PORT",
  "REDIS_PORT"
]
const WORKERS = ["order", "payment", "inventory", "notification"]

const nodeOf = (environment: Readonly<Record<string, string>>, script: string, ...words: ReadonlyArray<string>) =>
  answerOf(process.execPath, [script, ...words], environment)

/** A stack of its own: another project, other ports, another image. */
const makeStack = async () => {
  const folder = mkdtempSync(join(tmpdir(), "flowforge-stack-"))
  const ports: Array<readonly [string, string]> = []
  for (const variable of PORTS) ports.push([variable, String(await freePort())])
  const environment = {
    ...Object.fromEntries(ports),
    COMPOSE_PROJECT_NAME: PROJECT,
    VERSION: PROJECT,
    FLOWFORGE_DATA: folder
  }
  return {
    folder,
    url: `http://localhost:${environment["PORT" as never]}`,
    up: (...options: ReadonlyArray<string>) => nodeOf(environment, "scripts/up.ts", ...options),
    down: (...options: ReadonlyArray<string>) => nodeOf(environment, "scripts/down.ts", ...options),
    demo: () => nodeOf(environment, "e2e/demo/main.ts", "--orders", "60"),
    audit: () => nodeOf(environment, "packages/embedded/src/audit/main.ts"),
    compose: (...words: ReadonlyArray<string>) => answerOf("docker", ["compose", ...words], environment)
  }
}

describe.skipIf(!hasEngine)(`the stack of docker-compose.yaml${why}`, () => {
  let stack: Awaited<ReturnType<typeof makeStack>>

  const isUp = ({ code, text }: { readonly code: unknown; readonly text: string }) => assert.strictEqual(code, 0, text)
  /** Once everything that was begun has come to its end. */
  const isClean = () =>
    Effect.runPromise(
      eventually(
        "the audit is clean",
        Effect.map(Effect.promise(stack.audit), ({ code }) => code === 0),
        "3 minutes",
        "1 second"
      )
    )
  const place = async () => {
    const response = await fetch(`${stack.url}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        user_id: "00000000-0000-7000-8000-000000000042",
        items: [{ item_id: 1, quantity: 1 }],
        payment_info: { method: "card", token: "tok_ok" }
      })
    })
    assert.strictEqual(response.status, 202)
  }
  /** How many orders there are, none of them open. */
  const ordersOf = async () => {
    const query = "SELECT count(*) || ' orders, ' || count(*) FILTER (WHERE status = 'PENDING') || ' open' FROM orders"
    const psql = `PGPASSWORD=flowforge psql -h 127.0.0.1 -U flowforge -tAc "${query}"`
    return (await stack.compose("exec", "postgres", "bash", "-c", psql)).text.trim()
  }

  beforeAll(async () => {
    stack = await makeStack()
    isUp(await stack.up())
  })
  afterAll(async () => {
    await stack.down("--volumes")
    await docker("image", "rm", "--force", `flowforge:${PROJECT}`)
    rmSync(stack.folder, { recursive: true, force: true })
  })

  it("carries the demo, whose balance and audit find nothing wrong", async () => {
    const { code, text } = await stack.demo()
    assert.strictEqual(code, 0, text)
  })

  it("loses nothing and does nothing twice when workers, broker and cache are killed in the middle of orders", async () => {
    for (const victims of [WORKERS, ["kafka", "redis"]]) {
      for (let n = 0; n < 20; n++) await place()
      await stack.compose("kill", "--signal", "SIGKILL", ...victims)
      for (let n = 0; n < 20; n++) await place()
      isUp(await stack.up())
    }
    await isClean()
    assert.strictEqual(await ordersOf(), "140 orders, 0 open")
  })

  it("stands up again on what it kept, and goes on", async () => {
    isUp(await stack.down())
    isUp(await stack.up())
    assert.strictEqual(await ordersOf(), "140 orders, 0 open")
    await place()
    await isClean()
    assert.strictEqual(await ordersOf(), "141 orders, 0 open")
  })

  it("is only its servers when it is told so, and everything again when it is not", async () => {
    const running = async () => (await stack.compose("ps", "--services")).text.trim().split("\n").toSorted()
    const servers = ["gateway", "kafka", "mail", "postgres", "redis", "s3"]
    isUp(await stack.up("--servers"))
    assert.deepStrictEqual(await running(), servers)
    isUp(await stack.up())
    assert.deepStrictEqual(await running(), ["api", ...servers, ...WORKERS].toSorted())
  })

  it("leaves nothing behind when its volumes are cleared, too", async () => {
    isUp(await stack.down("--volumes"))
    for (const what of ["container", "volume", "network"]) {
      const label = `label=com.docker.compose.project=${PROJECT}`
      assert.strictEqual((await docker(what, "ls", "--quiet", "--filter", label)).text, "", what)
    }
  })
})
