import type { OrderId } from "@flowforge/contracts"
import type { Receipt } from "../../src/receipts/receipt.ts"

const line = { itemId: 7, name: "Pen", quantity: 2, price: 1_250 }

/** A receipt like any other, but for the changes. */
export const receipt = (changes: Partial<Receipt> = {}): Receipt => ({
  orderId: "01a20ded-6b62-76a3-8976-bb718ff544b5" as OrderId,
  day: "2026-11-23",
  customer: "Anna",
  lines: [line],
  total: 2_500,
  ...changes
})

/** One line with this name. */
export const lineNamed = (name: string): Receipt["lines"][number] => ({ ...line, name })
