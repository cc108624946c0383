import { Config, Schema } from "effect"
import { awsConfig, given } from "../aws/config.ts"
import { optional } from "../config.ts"
import { isSender } from "./sender.ts"

const Sender = Schema.String.check(
  Schema.makeFilter(isSender, { expected: "an address such as orders@example.com or FlowForge <orders@example.com>" })
)

export const sesConfig = Config.map(
  Config.all([
    awsConfig("SES"),
    Config.all({
      from: Config.schema(Sender, "SES_FROM"),
      configurationSet: optional("SES_CONFIGURATION_SET")
    })
  ]),
  ([aws, own]) => ({ ...aws, ...given(own) })
)
