import { resolve } from "node:path"
import { userId } from "./catalogue/index.ts"
import { USUAL_FOLDER } from "./config.ts"
import type { OrderCounts } from "./database.ts"

/** What the folder holds already. */
const found = ({ all, open }: OrderCounts): string => {
  if (all === 0) return ""
  const orders = `${all.toLocaleString("en")} order${all === 1 ? "" : "s"} in it`
  return open === 0 ? `          ${orders}` : `          ${orders}, ${open.toLocaleString("en")} of them go on now`
}

/** A command as it is typed to mean this folder. */
const on = (folder: string, command: string): string => {
  if (folder === resolve(USUAL_FOLDER)) return command
  const word = /^[\w./-]+$/u.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`
  return `FLOWFORGE_DATA=${word} ${command}`
}

/** What to try, for people at a terminal. */
export const banner = (system: {
  readonly publicUrl: string
  readonly managementUrl: string
  readonly gatewayUrl: string
  readonly folder: string
  readonly orders: OrderCounts
}): string => `
  FlowForge is running.

    API        ${system.publicUrl}          documented at ${system.publicUrl}/docs
    Management ${system.managementUrl}          mails at ${system.managementUrl}/outbox, metrics at /metrics
    Payments   ${system.gatewayUrl}          the simulated payment company: what it captured at /control/ledger
    Data       ${system.folder}${found(system.orders)}

  Try:

    curl -s ${system.publicUrl}/orders -H 'content-type: application/json' -d '{
      "user_id": "${userId(42)}",
      "items": [{"item_id": 1, "quantity": 2}],
      "payment_info": {"method": "card", "token": "tok_ok"}}'

    curl -s "${system.publicUrl}/orders?limit=3"

    ${on(system.folder, "npm run demo")}

  Ctrl-C stops it; the data stay. "${on(system.folder, "npm run reset")}" clears them.
`
