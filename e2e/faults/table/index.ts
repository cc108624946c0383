import type { Fault } from "../fault.ts"
import { broker } from "./broker.ts"
import { outside } from "./companies.ts"
import { frozen } from "./frozen.ts"
import { rolling } from "./rolling.ts"
import { services } from "./services.ts"
import { stores } from "./stores.ts"

/** Every fault there is. */
export const faults: ReadonlyArray<Fault> = [...services, ...broker, ...stores, ...outside, ...frozen, ...rolling]
