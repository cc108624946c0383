import type { Vitest } from "@effect/vitest"
import type { FlowForge } from "../../system/client.ts"
import type { Between, Driver } from "../driver.ts"

/** What a story is told with: tests that have a running system, whichever way it runs. */
export type Teller = Vitest.MethodsNonLive<Driver | FlowForge>

/** One whose system has its topics apart from its outbox. */
export type TellerBetween = Vitest.MethodsNonLive<Between | Driver | FlowForge>
