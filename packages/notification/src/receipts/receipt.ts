import type { OrderId } from "@flowforge/contracts"

export interface ReceiptLine {
  readonly itemId: number
  readonly name: string
  readonly quantity: number
  /** Of one, in minor units. */
  readonly price: number
}

/** What a receipt says, whatever its form. The same receipt always gives the same bytes. */
export interface Receipt {
  readonly orderId: OrderId
  /** `2026-11-23`. */
  readonly day: string
  readonly customer: string
  readonly lines: ReadonlyArray<ReceiptLine>
  readonly total: number
}

/** `123456` as `1,234.56`. */
export const formatAmount = (cents: number): string => {
  const whole = String(Math.floor(cents / 100))
  const grouped = whole.length > 3 ? whole.replace(/\B(?=(?:\d{3})+$)/gu, ",") : whole
  const rest = cents % 100
  return `${grouped}.${rest < 10 ? "0" : ""}${rest}`
}

const MONTHS = "January February March April May June July August September October November December".split(" ")

/** `2026-11-23` as `23 November 2026`. */
export const formatDay = (day: string): string => {
  const [year, month, date] = day.split("-")
  return `${Number(date)} ${MONTHS[Number(month) - 1]} ${year}`
}
