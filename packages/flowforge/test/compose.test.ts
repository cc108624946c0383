import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { load, YAML11_SCHEMA } from "js-yaml"
import { processes } from "../src/index.ts"

interface Service {
  readonly image: string
  readonly command?: ReadonlyArray<string>
  readonly entrypoint?: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, unknown>>
  readonly read_only?: boolean
  readonly cap_drop?: ReadonlyArray<string>
  readonly restart?: string
  readonly mem_limit?: string
  readonly cpus?: number
  readonly stop_grace_period?: string
  readonly ports?: ReadonlyArray<string>
}

const text = readFileSync(fileURLToPath(new URL("../../../docker-compose.yaml", import.meta.url)), "utf8")
// Compose merges by `<<`, as YAML 1.1 does.
const { services } = load(text, { schema: YAML11_SCHEMA }) as { readonly services: Readonly<Record<string, Service>> }

/** Those that are a process of the table; the payment company comes in the same image and is none. */
const own = Object.entries(services).filter(
  ([, { entrypoint, image }]) => image.startsWith("flowforge:") && entrypoint === undefined
)

/** What `prepare` has done, `migrate` need not; volumes take the data with them; and the operator is for Kubernetes. */
const ELSEWHERE = ["migrate", "remove", "operator"]

describe("docker-compose.yaml", () => {
  it("has every process of the table, under its name", () => {
    const names = own.map(([name, { command }]) => `${name}: ${command?.join(" ")}`)
    const wanted = Object.keys(processes).filter((name) => !ELSEWHERE.includes(name))
    assert.sameMembers(
      names,
      wanted.map((name) => `${name}: ${name}`)
    )
  })

  it("tells each process only what some process reads", () => {
    const known = new Set(Object.values(processes).flatMap(({ variables }) => variables.map(({ name }) => name)))
    const strangers = own.flatMap(([service, { environment = {} }]) =>
      Object.keys(environment)
        .filter((name) => !known.has(name))
        .map((name) => `${service}: ${name}`)
    )
    assert.deepStrictEqual(strangers, [])
  })

  it("tells each process all that it cannot do without", () => {
    const missing = own.flatMap(([service, { environment = {} }]) =>
      processes[service]!.variables.filter(
        ({ fallback, when }) => fallback === undefined && isChosen(when, environment)
      )
        .filter(({ name }) => environment[name] === undefined)
        .map(({ name }) => `${service}: ${name}`)
    )
    assert.deepStrictEqual(missing, [])
  })

  it("bounds every container, and lets it be reached from this machine alone", () => {
    for (const [name, { cpus, mem_limit, ports = [], restart }] of Object.entries(services)) {
      assert.isDefined(mem_limit, name)
      assert.isDefined(cpus, name)
      assert.isDefined(restart, name)
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:\$\{[A-Z0-9_]+:-\d+\}:\d+$/u, name)
    }
  })

  it("lets no process write to its own files, and gives it longer to stop than it takes", () => {
    for (const [name, { cap_drop, read_only, stop_grace_period }] of own) {
      assert.isTrue(read_only, name)
      assert.deepStrictEqual(cap_drop, ["ALL"], name)
      assert.strictEqual(stop_grace_period, "30s", name)
    }
  })
})

/** Whether the choice that makes a variable count is the one of this environment, or its default: `${NAME:-kafka}`. */
const isChosen = (when: string | undefined, environment: Readonly<Record<string, unknown>>): boolean => {
  if (when === undefined) return true
  const [name, value] = when.split("=")
  return String(environment[name!]).replace(/^\$\{\w+:-(.*)\}$/u, "$1") === value
}
