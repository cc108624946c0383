import { api } from "./api.ts"
import { operator } from "./operator.ts"
import { migrate, prepare } from "./prepare.ts"
import type { Process } from "./process.ts"
import { remove } from "./remove.ts"
import { inventory, notification, order, payment } from "./workers.ts"

/** Every process there is. The name is the argument of the one program, and of the one image. */
export const processes: Readonly<Record<string, Process>> = {
  api,
  order,
  payment,
  inventory,
  notification,
  prepare,
  migrate,
  remove,
  operator
}
