import { audited } from "./audited.ts"
import { cancelling } from "./cancel.ts"
import { declined } from "./declined.ts"
import { duplicates } from "./duplicates.ts"
import { happy } from "./happy.ts"
import { idempotency } from "./idempotency.ts"
import { outOfStock } from "./out-of-stock.ts"
import { paging } from "./paging.ts"
import { permuted } from "./permuted.ts"
import { poison } from "./poison.ts"
import type { Teller, TellerBetween } from "./teller.ts"

const anywhere = [happy, declined, outOfStock, cancelling, idempotency, paging, duplicates, poison]

/** Every story, and the audit after them. */
export const tellAll = (it: TellerBetween): void => {
  for (const tell of [...anywhere, permuted, audited]) tell(it)
}

/** Every story that needs no hand between FlowForge and its topics, and the audit after them. */
export const tellInOneProcess = (it: Teller): void => {
  for (const tell of [...anywhere, audited]) tell(it)
}
