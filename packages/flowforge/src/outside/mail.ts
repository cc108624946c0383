import { join } from "node:path"
import { Mailer, SmsSender } from "@flowforge/platform"
import type { ValueOf } from "@flowforge/platform/settings"
import { Effect, Layer } from "effect"
import type { mail, mailbox } from "../settings/outside.ts"

/** Where mails are files: they are shown on the management port. */
export const mailFolderOf = (settings: ValueOf<typeof mailbox>): string | undefined =>
  settings.kind === "folder" ? join(settings.folder, "mail") : undefined

export const layerMail = (settings: ValueOf<typeof mail>): Layer.Layer<Mailer | SmsSender> => {
  if (settings.kind === "ses") {
    return Layer.mergeAll(
      Layer.unwrap(Effect.promise(async () => (await import("@flowforge/platform/ses")).layerSes(settings.ses))),
      Layer.unwrap(Effect.promise(async () => (await import("@flowforge/platform/sns")).layerSns(settings.sns)))
    )
  }
  const folder = join(settings.folder, "mail")
  return Layer.mergeAll(Mailer.layerOutboxFolder({ folder }), SmsSender.layerOutboxFolder({ folder }))
}
