export { type Company, makeCompany } from "./company.ts"
export { type Ledger, openLedger } from "./ledger.ts"
export { makeServer } from "./server.ts"
