import { join } from "node:path"
import { ObjectStore } from "@flowforge/platform"
import type { ValueOf } from "@flowforge/platform/settings"
import { Effect, Layer } from "effect"
import type { objects } from "../settings/outside.ts"

export const layerObjects = (settings: ValueOf<typeof objects>): Layer.Layer<ObjectStore> =>
  settings.kind === "s3"
    ? Layer.unwrap(Effect.promise(async () => (await import("@flowforge/platform/s3")).layerS3(settings.s3)))
    : ObjectStore.layerDisk({
        folder: join(settings.folder, "objects"),
        publicBaseUrl: settings.publicUrl,
        secret: settings.signingKey
      })
