import { mkdirSync, readFile, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Clock, Duration, Effect, Option, type Redacted, Semaphore } from "effect"
import { makeInTurn } from "../in-turn.ts"
import { checkKey } from "./key.ts"
import { ObjectStoreUnavailable } from "./error.ts"
import type { ObjectStore } from "./object-store.ts"
import { signedQuery } from "./signature.ts"

export interface DiskOptions {
  /** An object is `<folder>/<key>`. */
  readonly folder: string
  /** Where the objects' routes are reached from outside, such as `http://localhost:8080`. */
  readonly publicBaseUrl: string
  /** Signs addresses. */
  readonly secret: Redacted.Redacted
}

/** Reads under way at once: Node's own threads for files are four. */
const READS = 16

const unavailable = (error: Error) => new ObjectStoreUnavailable({ reason: error.message })

/**
 * Objects as files. A file appears whole or not at all (written beside, then renamed), also to a reader at the same
 * time. It is not forced onto the disk: after a power cut the newest objects may be missing or empty, which is right
 * for what can be rendered again from the database, and for nothing else.
 */
export const makeDisk = Effect.fnUntraced(function* (options: DiskOptions): Effect.fn.Return<ObjectStore["Service"]> {
  const reading = yield* Semaphore.make(READS)
  const inTurn = yield* makeInTurn
  const pathOf = (key: string): string => join(options.folder, checkKey(key))
  let writes = 0
  return {
    put: ({ body, key }) =>
      inTurn(
        Effect.try({
          try: () => {
            const path = pathOf(key)
            write(path, `${path}.${process.pid}-${writes++}.tmp`, body)
          },
          catch: (error) => unavailable(error as Error)
        })
      ),
    get: (key) =>
      reading.withPermit(
        Effect.callback<Option.Option<Uint8Array>, ObjectStoreUnavailable>((resume) => {
          readFile(pathOf(key), (error, body) => {
            if (error === null) return resume(Effect.succeedSome(body))
            resume(error.code === "ENOENT" ? Effect.succeedNone : Effect.fail(unavailable(error)))
          })
        })
      ),
    signedUrl: (key, expiresIn) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const expires = Math.floor((now + Duration.toMillis(expiresIn)) / 1000)
        return `${options.publicBaseUrl}/objects/${checkKey(key)}?${signedQuery(options.secret, key, expires)}`
      })
  }
})

/**
 * The folder is made when it turns out to be missing: once a day, not once a file. Written in place: to hand a few KB to
 * Node's file threads costs this thread three times as much as to write them.
 */
const write = (path: string, temporary: string, body: Uint8Array): void => {
  try {
    writeFileSync(temporary, body)
    renameSync(temporary, path)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT"
    if (isMissing && mkdirSync(dirname(path), { recursive: true }) !== undefined) return write(path, temporary, body)
    rmSync(temporary, { force: true })
    throw error
  }
}
