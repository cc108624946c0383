import { layerMemory } from "../../src/gateway/index.ts"
import { gatewaySuite } from "./suite.ts"

gatewaySuite("in memory", layerMemory)
