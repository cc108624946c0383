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
  readonly volumes?: ReadonlyArray<string>
  readonly profiles?: ReadonlyArray<string>
  readonly healthcheck?: { readonly test?: ReadonlyArray<string>; readonly disable?: boolean }
}

const read = (name: string) => readFileSync(fileURLToPath(new URL(`../../../${name}`, import.meta.url)), "utf8")
// Compose merges by `<<`, as YAML 1.1 does.
const { services, volumes: declared } = load(read("docker-compose.yaml"), { schema: YAML11_SCHEMA }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

/** Those that are a process of the table; the payment company comes in the same image and is none. */
const own = Object.entries(services).filter(
  ([, { entrypoint, image }]) => image.startsWith("flowforge:") && entrypoint === undefined
)

/** What `prepare` has done, `migrate` need not; volumes take the data with them; and the operator is for Kubernetes. */
const ELSEWHERE = ["migrate", "remove", "operator"]

/** Its health nobody looks after, and why. */
const UNWATCHED: Readonly<Record<string, string>> = {
  prepare: "it ends",
  s3: "an image may hold the program alone, and no shell"
}

/** Whose data outlive their container, and the volume they are on. Redis is a cache; the processes have nothing of their own. */
const STATEFUL = { postgres: "postgres", kafka: "kafka", s3: "receipts", mail: "mail", gateway: "gateway" }

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

  it("looks after the health of all that does not end by itself", () => {
    const unwatched = Object.entries(services).filter(
      ([, { healthcheck }]) => healthcheck?.test === undefined || healthcheck.disable === true
    )
    assert.sameMembers(
      unwatched.map(([name]) => name),
      Object.keys(UNWATCHED)
    )
  })

  it("keeps what must outlive a container on a volume with a name, one for each", () => {
    const kept = Object.entries(services).flatMap(([name, { volumes = [] }]) =>
      volumes.filter((volume) => /^\w/u.test(volume)).map((volume): [string, string] => [name, volume.split(":")[0]!])
    )
    assert.deepStrictEqual(Object.fromEntries(kept), STATEFUL)
    assert.strictEqual(kept.length, Object.keys(STATEFUL).length)
    assert.sameMembers(Object.keys(declared), Object.values(STATEFUL))
  })

  it("has the processes in a profile that .env switches on, and what they stand on in none", () => {
    const processNames = new Set(own.map(([name]) => name))
    for (const [name, { profiles = [] }] of Object.entries(services)) {
      assert.deepStrictEqual(profiles, processNames.has(name) ? ["processes"] : [], name)
    }
    assert.match(read(".env"), /^COMPOSE_PROFILES=processes$/mu)
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
