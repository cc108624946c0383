import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { desiredOf } from "../src/desired/index.ts"
import { environmentOf } from "../src/desired/environment.ts"
import { hashOf } from "../src/desired/hash.ts"
import { merge } from "../src/desired/merge.ts"
import { isWithin } from "../src/observed/drift.ts"
import { pipelineOf, referenced } from "./pipeline.ts"

const json = fc.jsonValue({ maxDepth: 4 })

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, one]) => [key, shuffled(one)])
  )
}

describe("a hash", () => {
  it("is the same whatever the order of the keys", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(hashOf(shuffled(value))).toBe(hashOf(value))
      })
    )
  })
  it("differs where the value does", () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        fc.pre(JSON.stringify(shuffled(shuffled(one))) !== JSON.stringify(shuffled(shuffled(other))))
        fc.pre(!isWithin(one, other) || !isWithin(other, one))
        expect(hashOf(one)).not.toBe(hashOf(other))
      })
    )
  })
})

describe("drift", () => {
  it("there is none between what is wanted and the same with more beside it", () => {
    const more = fc.dictionary(
      fc.string().map((key) => `x-${key}`),
      fc.integer()
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), more, (wanted, rest) => {
        expect(isWithin(wanted, { ...rest, ...wanted })).toBe(true)
      })
    )
  })
  it("there is where any one value was changed", () => {
    const values = fc.dictionary(fc.string({ minLength: 1 }), fc.integer(), { minKeys: 1 })
    fc.assert(
      fc.property(values, fc.nat(), (wanted, which) => {
        const keys = Object.keys(wanted)
        const key = keys[which % keys.length]!
        expect(isWithin(wanted, { ...wanted, [key]: wanted[key]! + 1 })).toBe(false)
      })
    )
  })
  it("there is none where others added members to a list that goes by name", () => {
    const wanted = [{ name: "flowforge", image: "a" }]
    expect(isWithin(wanted, [{ name: "sidecar" }, { name: "flowforge", image: "a", tty: true }])).toBe(true)
    expect(isWithin(wanted, [{ name: "sidecar" }])).toBe(false)
  })
})

describe("a partial pod template", () => {
  const containerOf = (spec: object) =>
    desiredOf(pipelineOf(spec), referenced).deployments.api.spec.template.spec.containers

  it("changes one field of the container, and keeps the others", () => {
    const containers = containerOf({
      podTemplate: { spec: { containers: [{ name: "flowforge", resources: { limits: { memory: "1Gi" } } }] } }
    })
    expect(containers).toHaveLength(1)
    expect(containers[0].resources).toEqual({ requests: { cpu: "50m", memory: "160Mi" }, limits: { memory: "1Gi" } })
  })
  it("adds a container and a volume beside ours", () => {
    const podTemplate = { spec: { containers: [{ name: "proxy", image: "proxy:1" }], volumes: [{ name: "ca" }] } }
    const { spec } = desiredOf(pipelineOf({ podTemplate }), referenced).deployments.api.spec.template
    expect(spec.containers.map(({ name }: { name: string }) => name)).toEqual(["flowforge", "proxy"])
    expect(spec.volumes.map(({ name }: { name: string }) => name)).toEqual(["tmp", "ca"])
  })
  it("for one process goes over the one for all", () => {
    const memory = (value: string) => ({
      spec: { containers: [{ name: "flowforge", resources: { limits: { memory: value } } }] }
    })
    const spec = { podTemplate: memory("1Gi"), services: { api: { podTemplate: memory("2Gi") } } }
    expect(containerOf(spec)[0].resources.limits.memory).toBe("2Gi")
  })
  it("takes a field away by null", () => {
    expect(merge({ a: 1, b: { c: 2, d: 3 } }, { b: { c: null } })).toEqual({ a: 1, b: { d: 3 } })
  })
  it("that is empty changes nothing", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), (base) => {
        expect(merge(base, {})).toEqual(base)
      })
    )
  })
})

describe("the variables of a process", () => {
  it("hold no value of a Secret, only where it is", () => {
    for (const component of ["api", "order", "payment", "inventory", "notification", "prepare"] as const) {
      for (const { name, value, valueFrom } of environmentOf(pipelineOf(), component)) {
        if (/DATABASE_URL|SECRET|PASSWORD/u.test(name))
          expect({ value, has: valueFrom !== undefined }).toEqual({ value: undefined, has: true })
      }
    }
  })
  it("given for one go over those given for all, and both over ours", () => {
    const level = (value: string) => ({ LOG_LEVEL: { value } })
    const pipeline = pipelineOf({
      env: { ...level("Warn"), LOG_FORMAT: { value: "pretty" } },
      services: { api: { env: level("Debug") } }
    })
    const valuesOf = (component: "api" | "order") =>
      Object.fromEntries(environmentOf(pipeline, component).map(({ name, value }) => [name, value]))
    expect(valuesOf("api")).toMatchObject({ LOG_LEVEL: "Debug", LOG_FORMAT: "pretty" })
    expect(valuesOf("order")).toMatchObject({ LOG_LEVEL: "Warn" })
  })
  it("come once each", () => {
    const names = environmentOf(pipelineOf({ env: { LOG_FORMAT: { value: "json" } } }), "notification").map(
      ({ name }) => name
    )
    expect(new Set(names).size).toBe(names.length)
  })
})
