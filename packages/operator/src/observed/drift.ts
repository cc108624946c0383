import { identityOf } from "../desired/index.ts"

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Whether everything that is wanted is so. What else there is belongs to others: defaults, status, other writers. */
export const isWithin = (wanted: unknown, found: unknown): boolean => {
  if (wanted === undefined) return true
  if (Array.isArray(wanted)) return Array.isArray(found) && areWithin(wanted, found)
  if (isObject(wanted)) {
    // The API server leaves out what is empty.
    if (found === undefined || found === null) return Object.keys(wanted).length === 0
    return (
      isObject(found) &&
      Object.entries(wanted).every(([key, value]) =>
        isWithin(value, Object.hasOwn(found, key) ? found[key] : undefined)
      )
    )
  }
  return wanted === found || (wanted === "" && found === undefined)
}

const areWithin = (wanted: ReadonlyArray<unknown>, found: ReadonlyArray<unknown>): boolean => {
  const identity = identityOf(wanted)
  if (identity === undefined || wanted.length === 0) {
    return wanted.length === found.length && wanted.every((one, place) => isWithin(one, found[place]))
  }
  const named = (list: ReadonlyArray<unknown>) => list as ReadonlyArray<Readonly<Record<string, unknown>>>
  return named(wanted).every((one) =>
    named(found).some((other) => other[identity] === one[identity] && isWithin(one, other))
  )
}
