import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { type ServerControls, startServer } from "../server/listening.ts"

export { findObjectStore, OBJECT_STORE_MISSING } from "./program.ts"

export const OBJECT_STORE_BUCKET = "receipts"
export const OBJECT_STORE_REGION = "eu-west-1"
export const OBJECT_STORE_CREDENTIALS = { accessKeyId: "flowforge", secretAccessKey: "a secret for tests" }

/** Starts an S3 server with one empty bucket. A bucket is a folder in it; objects survive a restart. */
export const startObjectStore = (command: string): Effect.Effect<ServerControls, never, Scope.Scope> =>
  startServer("s3", ({ folder, port }) => {
    const objects = join(folder, "objects")
    mkdirSync(join(objects, OBJECT_STORE_BUCKET), { recursive: true })
    return {
      command,
      args: ["--port", `127.0.0.1:${port}`, "--region", OBJECT_STORE_REGION, "--keep-alive", "posix", objects],
      env: {
        ROOT_ACCESS_KEY: OBJECT_STORE_CREDENTIALS.accessKeyId,
        ROOT_SECRET_KEY: OBJECT_STORE_CREDENTIALS.secretAccessKey
      }
    }
  })
