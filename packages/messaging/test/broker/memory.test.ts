import { layer, MemoryBroker } from "@flowforge/messaging/memory"
import { Effect, Layer } from "effect"
import { BrokerFaults } from "./faults.ts"
import { brokerSuite } from "./suite.ts"

const layerFaults = Layer.effect(
  BrokerFaults,
  Effect.map(MemoryBroker, (memory) => ({
    loseLeases: (group) => Effect.andThen(memory.freeze(group, 0), memory.thaw(group, 0))
  }))
)

brokerSuite("memory", Layer.provideMerge(layerFaults, layer))
