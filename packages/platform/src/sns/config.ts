import { Config } from "effect"
import { awsConfig, given } from "../aws/config.ts"
import { optional } from "../config.ts"

export const snsConfig = Config.map(
  Config.all([awsConfig("SNS"), Config.all({ senderId: optional("SNS_SENDER_ID") })]),
  ([aws, own]) => ({ ...aws, ...given(own) })
)
