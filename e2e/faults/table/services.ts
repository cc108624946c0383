import { SERVICES } from "../../system/programs.ts"
import type { Fault } from "../fault.ts"

/** Started again at once, as an orchestrator does. */
export const services: ReadonlyArray<Fault> = [
  ...SERVICES.map((name): Fault => ({
    name: `kill-${name}`,
    what: `every ${name} process is killed`,
    happen: ({ fleet }) => fleet.kill([name]),
    ...(name === "api" ? { costsAnswers: true } : {})
  })),
  {
    name: "kill-all",
    what: "all processes of all services are killed at once",
    happen: ({ fleet }) => fleet.kill(SERVICES),
    costsAnswers: true
  }
]
