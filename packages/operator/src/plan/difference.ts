import { Annotations } from "../desired/index.ts"
import type { Manifest } from "../kubernetes/index.ts"
import { isWithin } from "../observed/index.ts"

/**
 * How an object differs from what is wanted. `changed`: we want something else than we last applied, which is a step of a
 * rollout. `drifted`: we want the same, and somebody else changed it, which is put right at any time.
 */
export type Difference = "absent" | "changed" | "drifted" | "none"

export const differenceOf = (wanted: Manifest, found: Manifest | undefined): Difference => {
  if (found === undefined) return "absent"
  const applied = (object: Manifest) => object.metadata.annotations?.[Annotations.applied]
  if (applied(wanted) !== applied(found)) return "changed"
  return isWithin(wanted, found) ? "none" : "drifted"
}
