import { userId } from "./catalogue/index.ts"

/** What to try, for people at a terminal. */
export const banner = (system: {
  readonly publicUrl: string
  readonly managementUrl: string
  readonly folder: string
}): string => `
  FlowForge is running.

    API        ${system.publicUrl}          documented at ${system.publicUrl}/docs
    Management ${system.managementUrl}          mails at ${system.managementUrl}/outbox, metrics at /metrics
    Data       ${system.folder}

  Try:

    curl -s ${system.publicUrl}/orders -H 'content-type: application/json' -d '{
      "user_id": "${userId(42)}",
      "items": [{"item_id": 1, "quantity": 2}],
      "payment_info": {"method": "card", "token": "tok_ok"}}'

    curl -s ${system.publicUrl}/orders?limit=3

    npm run demo

  Ctrl-C stops it; the data stay. "npm run reset" clears them.
`
