import { randomBytes } from "node:crypto"
import { readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Redacted } from "effect"
import { type DataFolderUnusable, inFolder } from "./instance/lock.ts"

/** The key that signs receipt addresses: made at the first start, kept with the data. */
export const signingKey = (folder: string): Effect.Effect<Redacted.Redacted, DataFolderUnusable> =>
  inFolder(folder, async () => {
    const path = join(folder, "signing-key")
    const kept = await readFile(path, "utf8").catch(() => undefined)
    if (kept !== undefined) return Redacted.make(kept)
    const made = randomBytes(32).toString("hex")
    // Renamed when whole: a key cut short by a kill would stay for ever.
    await writeFile(`${path}.new`, made, { mode: 0o600 })
    await rename(`${path}.new`, path)
    return Redacted.make(made)
  })
