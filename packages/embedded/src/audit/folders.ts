import { existsSync } from "node:fs"
import { opendir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { ObjectStoreUnavailable } from "@flowforge/platform"
import { Effect, Option, Stream } from "effect"
import type { AuditContext, SentMessage } from "./context.ts"
import { RecordUnreadable } from "./record-unreadable.ts"

/** Names read from a folder at once. */
const READ_AHEAD = 1_024

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/u

/** Each file is a message and carries the notification's id in its name. No folder yet: nothing was sent. */
export const messagesIn = (folder: string): Stream.Stream<SentMessage, RecordUnreadable> =>
  Stream.fromAsyncIterable(sentMessages(folder), (cause) => {
    const { message } = cause as Error
    return new RecordUnreadable({ message: `The sent messages in ${folder} cannot be read: ${message}` })
  })

async function* sentMessages(folder: string): AsyncGenerator<SentMessage> {
  if (!existsSync(folder)) return
  // Folder by folder: Node's own recursion holds the names of all of them.
  for await (const entry of await opendir(folder, { bufferSize: READ_AHEAD })) {
    const id = UUID.exec(entry.name)?.[0]
    if (entry.isDirectory()) yield* sentMessages(join(folder, entry.name))
    else if (id !== undefined) yield { id }
  }
}

/** The receipts in this folder: a key is a path in it. */
export const receiptsIn = (folder: string): AuditContext<never>["objects"] => ({
  get: (key) =>
    Effect.tryPromise({
      try: () =>
        readFile(join(folder, key)).then(Option.some, (error: NodeJS.ErrnoException) => {
          if (error.code === "ENOENT") return Option.none()
          throw error
        }),
      catch: (cause) => new ObjectStoreUnavailable({ reason: (cause as Error).message })
    })
})
