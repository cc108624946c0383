import { row, type Setting, type Variable } from "@flowforge/platform/settings"
import { Effect } from "effect"
import { ofConfig } from "./of-config.ts"

/** What each of the services is told alike. */
const common = (prefix: string, service: string): ReadonlyArray<Variable> => [
  row(`${prefix}_REGION`, undefined, `the region of ${service}`),
  row(`${prefix}_ENDPOINT`, "AWS's own", `another address of ${service}`),
  row(`${prefix}_ACCESS_KEY_ID`, "found by AWS's SDK", `who calls ${service}`, true),
  row(`${prefix}_SECRET_ACCESS_KEY`, "found by AWS's SDK", "the key to that", true)
]

/** AWS's SDK costs 200 ms and 40 MB: it is loaded where it is chosen, and nowhere else. */
const lazily = <A>(variables: ReadonlyArray<Variable>, load: () => Promise<Setting<A>>): Setting<A> => ({
  variables,
  read: Effect.flatMap(Effect.promise(load), ({ read }) => read)
})

export const s3 = lazily(
  [
    row("S3_BUCKET", undefined, "the bucket of the receipts"),
    ...common("S3", "S3"),
    row("S3_PUBLIC_ENDPOINT", "S3_ENDPOINT", "the address that customers' browsers use: signatures cover the host"),
    row(
      "S3_PATH_STYLE",
      "false",
      "whether the bucket stands in the path, not in the host; true for most stores other than AWS"
    )
  ],
  async () => ofConfig((await import("@flowforge/platform/s3")).s3Config, [])
)

export const ses = lazily(
  [
    row("SES_FROM", undefined, "the sender of mails: an address, or `FlowForge <orders@example.com>`"),
    ...common("SES", "SES"),
    row("SES_CONFIGURATION_SET", "none", "SES's rules for what becomes of a mail")
  ],
  async () => ofConfig((await import("@flowforge/platform/ses")).sesConfig, [])
)

export const sns = lazily(
  [
    ...common("SNS", "SNS, which sends SMS"),
    row("SNS_SENDER_ID", "none", "who an SMS is from, where the country allows a name: 1 to 11 letters or digits")
  ],
  async () => ofConfig((await import("@flowforge/platform/sns")).snsConfig, [])
)
