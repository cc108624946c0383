/** Which methods an address answers. */
export interface KnownRoute {
  readonly method: string
  readonly path: string
}

/** Every address of an API. */
export const routesOf = (api: { readonly groups: object }): ReadonlyArray<KnownRoute> =>
  Object.values(api.groups).flatMap((group) =>
    Object.values((group as { readonly endpoints: Record<string, KnownRoute> }).endpoints).map(({ method, path }) => ({
      method,
      path
    }))
  )

/** Finds the template of a path, such as `/orders/:order_id`: undefined when no address is like it. */
export const makeTemplateOf = (routes: ReadonlyArray<KnownRoute>): ((path: string) => string | undefined) => {
  const fixed = new Set(routes.filter(({ path }) => !/[:*]/u.test(path)).map(({ path }) => path))
  const patterns = [...new Set(routes.map(({ path }) => path))]
    .filter((path) => /[:*]/u.test(path))
    .map((path) => ({
      path,
      pattern: new RegExp(`^${path.replace(/:[a-z_]+/gu, "[^/]+").replace("*", ".*")}/?$`, "u")
    }))
  return (path) => (fixed.has(path) ? path : patterns.find(({ pattern }) => pattern.test(path))?.path)
}

/** The methods that would be answered at this path: none when it is unknown. */
export const makeAllowed = (routes: ReadonlyArray<KnownRoute>): ((path: string) => ReadonlyArray<string>) => {
  const templateOf = makeTemplateOf(routes)
  const methods = new Map<string, Array<string>>()
  for (const { method, path } of routes) methods.set(path, [...(methods.get(path) ?? []), method])
  return (path) => methods.get(templateOf(path) ?? "") ?? []
}
