import { join } from "node:path"
import { check } from "./boundaries/check.ts"

// What one package may take from another, from npm and from the process (part of `npm run check`).

const violations = check(join(import.meta.dirname, ".."))
for (const line of violations) process.stderr.write(`${line}\n`)
if (violations.length > 0) process.exitCode = 1
