import { createHash } from "node:crypto"
import { Effect } from "effect"
import { renderPdf } from "../../src/receipts/pdf.ts"
import { receipt } from "./receipts.ts"

const body = await Effect.runPromise(renderPdf(receipt({ customer: process.argv[2]! })))
process.stdout.write(createHash("sha256").update(body).digest("hex"))
