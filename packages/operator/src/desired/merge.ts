type Json = Readonly<Record<string, unknown>>

/** What members of lists are known by in a pod, where they are known by anything. */
const IDENTITIES = ["name", "mountPath", "containerPort", "topologyKey"] as const

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

/** A label may be called `constructor`: only what the object itself has counts. */
const own = (object: Json, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined)

/** By what the members of both lists are known, if they are. */
export const identityOf = (...lists: ReadonlyArray<ReadonlyArray<unknown>>): string | undefined =>
  IDENTITIES.find((name) => lists.flat().every((one) => isObject(one) && one[name] !== undefined))

/** `patch` over `base`, as a strategic merge does it: objects by key, lists by name; null takes a field away. */
export const merge = (base: unknown, patch: unknown): unknown => {
  if (patch === undefined) return base
  if (Array.isArray(base) && Array.isArray(patch)) return mergeLists(base, patch)
  if (!isObject(base) || !isObject(patch)) return patch
  return Object.fromEntries(
    [...new Set([...Object.keys(base), ...Object.keys(patch)])]
      .filter((key) => own(patch, key) !== null)
      .map((key) => [key, merge(own(base, key), own(patch, key))])
  )
}

const mergeLists = (base: ReadonlyArray<unknown>, patch: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const identity = identityOf(base, patch)
  if (identity === undefined) return patch
  const known = new Set((base as ReadonlyArray<Json>).map((one) => one[identity]))
  const over = new Map((patch as ReadonlyArray<Json>).map((one) => [one[identity], one]))
  return [
    ...(base as ReadonlyArray<Json>).map((one) => merge(one, over.get(one[identity]))),
    ...(patch as ReadonlyArray<Json>).filter((one) => !known.has(one[identity]))
  ]
}
