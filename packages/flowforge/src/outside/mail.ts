import { join } from "node:path"
import { Mailer, SmsSender } from "@flowforge/platform"
import { Layer } from "effect"
import type { mail } from "../settings/outside.ts"
import type { ValueOf } from "../settings/setting.ts"

export const mailFolderOf = (settings: ValueOf<typeof mail>): string => join(settings.folder, "mail")

export const layerMail = (settings: ValueOf<typeof mail>): Layer.Layer<Mailer | SmsSender> => {
  const folder = mailFolderOf(settings)
  return Layer.mergeAll(Mailer.layerOutboxFolder({ folder }), SmsSender.layerOutboxFolder({ folder }))
}
