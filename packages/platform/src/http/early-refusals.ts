import { Context } from "effect"
import type { Problem } from "./problem.ts"

/**
 * What a route refuses a request with whatever is in it; undefined when it takes it. `underWay` is how many requests the
 * route has taken and not answered yet.
 */
export type Refusal = (underWay: number) => Problem | undefined

/**
 * Where handlers say that they refuse everything for now: then a request costs its head, and nothing is spent on its
 * body. `layerServe` gives it to its routes; anywhere else nobody listens.
 */
export const EarlyRefusals = Context.Reference<{
  readonly add: (method: string, path: string, refusal: Refusal) => void
}>("@flowforge/platform/EarlyRefusals", { defaultValue: () => ({ add: () => {} }) })
