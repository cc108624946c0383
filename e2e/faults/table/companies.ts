import type { ProxyFault } from "@flowforge/testkit/proxy"
import { Effect } from "effect"
import type { Fault } from "../fault.ts"
import type { Company } from "../installation/installation.ts"

const LASTS = "6 seconds"

const companies: ReadonlyArray<readonly [Company, string]> = [
  ["gateway", "the payment company"],
  ["s3", "S3"],
  ["ses", "SES"],
  ["sns", "SNS"]
]

const ways: ReadonlyArray<readonly [string, string, ProxyFault]> = [
  ["refuses", "refuses everything with 503", { kind: "refuse", status: 503 }],
  ["hangs", "takes requests, does nothing and never answers", { kind: "hang" }],
  // Every client has given up by then: the longest waits three seconds for an answer.
  ["late", "does what it is asked and answers when the client has given up", { kind: "late", millis: 5_000 }]
]

/** Each company outside fails in each way, for a while. */
export const outside: ReadonlyArray<Fault> = companies.flatMap(([company, called]) =>
  ways.map(([name, does, way]): Fault => ({
    name: `${company}-${name}`,
    what: `${called} ${does}, for 6 s`,
    happen: ({ proxies }) =>
      Effect.sync(() => proxies[company].setFault(way)).pipe(
        Effect.andThen(Effect.sleep(LASTS)),
        Effect.andThen(Effect.sync(() => proxies[company].setFault(undefined)))
      )
  }))
)
