import { layer } from "@effect/vitest"
import { layerCluster, readInstallation } from "../../stories/cluster.ts"
import { tellAll } from "../../stories/told/all.ts"

layer(layerCluster(readInstallation()), { excludeTestServices: true, timeout: "180 seconds" })(
  "FlowForge in a cluster",
  tellAll
)
