import { parseArgs } from "node:util"

export const HELP = `npm run bench [-- --rounds N] [--seconds N] [--only chain|terminal|hot|overload|idle]
npm run bench -- --real [--peers] [--rounds N] [--seconds N] [--only drain|chain|orders|kills|wipe]

Open-loop load against an embedded system of its own, on a PostgreSQL with fsync on. Each rung runs N times (default 3)
for the given seconds (default 20, --real 8) after a warm-up; the median round by CPU is reported, and the audit must hold
afterwards. A whole run takes about ten minutes and writes its part of docs/benchmarks.md; with --only it prints one part
and writes nothing.

--real starts the full stack instead: Kafka, PostgreSQL, Redis, S3, stand-ins for SES and SNS, the payment simulator, and
the processes from the bundle. With --peers it is compared, round by round in turn, with a plain kafkajs saga on the same
servers (bench/peers/kafkajs).`

const PARTS = ["chain", "terminal", "hot", "overload", "idle"] as const
export type Part = (typeof PARTS)[number]

const REAL_PARTS = ["drain", "chain", "orders", "kills", "wipe"] as const
export type RealPart = (typeof REAL_PARTS)[number]

export interface Options<P = Part> {
  readonly rounds: number
  readonly seconds: number
  readonly only: P | undefined
}

/** What is to be run. */
export type Asked =
  | ({ readonly what: "embedded" } & Options)
  | ({ readonly what: "real" } & Options<RealPart>)
  | ({ readonly what: "peers" } & Options<never>)
  | { readonly what: "help" }

/** What the flags ask for, or what is wrong with them. */
export const optionsFrom = (flags: ReadonlyArray<string>): Asked | string => {
  try {
    const { values } = parseArgs({
      args: [...flags],
      options: {
        rounds: { type: "string", default: "3" },
        seconds: { type: "string" },
        only: { type: "string" },
        real: { type: "boolean", default: false },
        peers: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false }
      }
    })
    if (values.help) return { what: "help" }
    const numbers = { rounds: Number(values.rounds), seconds: Number(values.seconds ?? (values.real ? 8 : 20)) }
    for (const [name, value] of Object.entries(numbers)) {
      if (!Number.isInteger(value) || value < 1 || value > 3_600)
        return `--${name} must be a whole number from 1 to 3600.`
    }
    const oneOf = <P extends string>(parts: ReadonlyArray<P>) => parts.find((part) => part === values.only)
    const choice = (parts: ReadonlyArray<string>) => `--only is one of ${parts.join(", ")}.`
    if (values.peers) {
      if (!values.real || values.only !== undefined) return "--peers goes with --real, and without --only."
      return { what: "peers", ...numbers, only: undefined }
    }
    if (values.real) {
      const only = oneOf(REAL_PARTS)
      return values.only !== only ? choice(REAL_PARTS) : { what: "real", ...numbers, only }
    }
    const only = oneOf(PARTS)
    return values.only !== only ? choice(PARTS) : { what: "embedded", ...numbers, only }
  } catch (cause) {
    return (cause as Error).message
  }
}
