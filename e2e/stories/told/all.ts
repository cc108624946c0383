import { audited } from "./audited.ts"
import { cancelling } from "./cancel.ts"
import { declined } from "./declined.ts"
import { duplicates } from "./duplicates.ts"
import { happy } from "./happy.ts"
import { idempotency } from "./idempotency.ts"
import { outOfStock } from "./out-of-stock.ts"
import { paging } from "./paging.ts"
import { poison } from "./poison.ts"
import type { Teller } from "./teller.ts"

/** Every story, and the audit after them. */
export const tellAll = (it: Teller): void => {
  for (const tell of [happy, declined, outOfStock, cancelling, idempotency, paging, duplicates, poison, audited])
    tell(it)
}
