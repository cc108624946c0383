import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { single, whole } from "./embedded.ts"
import { HELP, optionsFrom } from "./options.ts"
import { comparePeers } from "./real/peers.ts"
import { measureReal } from "./real/real.ts"

const main = Effect.suspend(() => {
  const asked = optionsFrom(process.argv.slice(2))
  if (typeof asked === "string") {
    process.exitCode = 1
    return Console.error(`${asked}\n\n${HELP}`)
  }
  switch (asked.what) {
    case "help":
      return Console.log(HELP)
    case "real":
      return measureReal(asked)
    case "peers":
      return comparePeers(asked)
    case "embedded":
      return asked.only === undefined ? whole(asked) : Effect.asVoid(single({ ...asked, only: asked.only }))
  }
})

NodeRuntime.runMain(main)
