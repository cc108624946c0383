import { Effect } from "effect"
import { lockDataFolder } from "../src/instance/lock.ts"

const message = await Effect.runPromise(
  lockDataFolder(process.argv[2]!).pipe(
    Effect.as("locked"),
    Effect.catch((error) => Effect.succeed(error.message)),
    Effect.scoped
  )
)
process.stdout.write(message)
