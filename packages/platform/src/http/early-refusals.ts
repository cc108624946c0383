import { Context } from "effect"
import type { Problem } from "./problem.ts"

/** What a route would refuse every request with at the moment, whatever is in it; undefined when it takes some. */
export type Refusal = () => Problem | undefined

/**
 * Where handlers say that they refuse everything for now: then a request costs its head, and nothing is spent on its
 * body. `layerServe` gives it to its routes; anywhere else nobody listens.
 */
export const EarlyRefusals = Context.Reference<{
  readonly add: (method: string, path: string, refusal: Refusal) => void
}>("@flowforge/platform/EarlyRefusals", { defaultValue: () => ({ add: () => {} }) })
