import type { PlantedBug } from "../bug.ts"
import { delivering } from "./delivering.ts"
import { outbox } from "./outbox.ts"
import { services } from "./services.ts"

export const bugs: ReadonlyArray<PlantedBug> = [...delivering, ...outbox, ...services]
