import { Schema } from "effect"
import type { Desired } from "../desired/index.ts"
import { jobStateOf, reportIn } from "../observed/index.ts"
import type { Plan } from "./plan.ts"
import type { Hold } from "./step.ts"
import { type Told, told } from "./told.ts"
import type { World } from "./world.ts"

/** What `prepare` leaves when it has ended well: a sentence each. */
const Report = Schema.fromJsonString(Schema.Struct({ topics: Schema.String, migrations: Schema.String }))

/** Topics come before migrations: what failed first says what is known of the other. */
export const preparedOf = (
  { prepare }: Desired,
  { waits }: Plan,
  { hold, world }: { readonly hold: Hold | undefined; readonly world: World }
): Readonly<Record<"TopicsReady" | "MigrationsApplied", Told>> => {
  const job = world.find(prepare)
  if (job !== undefined && jobStateOf(job) === "succeeded") {
    const { migrations, topics } = reportOf(job.metadata.name, world)
    return { TopicsReady: told(true, "Prepared", topics), MigrationsApplied: told(true, "Prepared", migrations) }
  }
  switch (hold?.reason) {
    case "TopicsNotReady":
      return {
        TopicsReady: told(false, hold.reason, hold.message),
        MigrationsApplied: told("Unknown", "TopicsNotReady", "Migrations come after the topics")
      }
    case "MigrationRefused":
    case "AlreadyManaged":
      return { TopicsReady: told(true, "Prepared"), MigrationsApplied: told(false, hold.reason, hold.message) }
    default: {
      const unknown = told("Unknown", "Preparing", hold?.message ?? (waits === "" ? "" : `Waiting for ${waits}`))
      return { TopicsReady: unknown, MigrationsApplied: unknown }
    }
  }
}

/** Pods that have ended are cleared away some day, and older images say nothing. */
const reportOf = (job: string, world: World) => {
  const text = world
    .podsOf(job)
    .map(reportIn)
    .find((one) => one !== undefined)
  const decoded = Schema.decodeUnknownOption(Report)(text)
  return decoded._tag === "Some" ? decoded.value : { topics: `By the Job ${job}`, migrations: `By the Job ${job}` }
}
