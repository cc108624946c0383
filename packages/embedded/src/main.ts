import { enableCompileCache } from "node:module"

// Reading the sources is half of a start: what was compiled once is kept among the temporary files.
enableCompileCache()
await import("./run.ts")
