import { join } from "node:path"
import { ObjectStore } from "@flowforge/platform"
import type { Layer } from "effect"
import type { objects } from "../settings/outside.ts"
import type { ValueOf } from "../settings/setting.ts"

export const layerObjects = (settings: ValueOf<typeof objects>): Layer.Layer<ObjectStore> =>
  ObjectStore.layerDisk({
    folder: join(settings.folder, "objects"),
    publicBaseUrl: settings.publicUrl.href.replace(/\/$/u, ""),
    secret: settings.signingKey
  })
