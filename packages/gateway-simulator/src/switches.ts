import type { GatewaySwitches } from "@flowforge/contracts"

export type Switches = { -readonly [Name in keyof GatewaySwitches]: GatewaySwitches[Name] }

export const makeSwitches = (): Switches => ({
  latency_ms: 0,
  unavailable: false,
  failure_rate: 0,
  refund_failure_rate: 0,
  timeout_after_capture_rate: 0
})

const isRate = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 1
const allowed: Readonly<Record<keyof GatewaySwitches, (value: unknown) => boolean>> = {
  latency_ms: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 60_000,
  unavailable: (value) => typeof value === "boolean",
  failure_rate: isRate,
  refund_failure_rate: isRate,
  timeout_after_capture_rate: isRate
}

/** The switches that a request names, as the contract bounds them; undefined when one of them is out of bounds. */
export const readChange = (body: object): Partial<Switches> | undefined => {
  const change = Object.entries(body).filter(([name]) => Object.hasOwn(allowed, name))
  return change.every(([name, value]) => allowed[name as keyof GatewaySwitches](value))
    ? Object.fromEntries(change)
    : undefined
}
