import { Config } from "effect"
import { awsConfig, given } from "../aws/config.ts"
import { optional } from "../config.ts"

export const sesConfig = Config.map(
  Config.all([
    awsConfig("SES"),
    Config.all({
      from: Config.NonEmptyString("SES_FROM"),
      configurationSet: optional("SES_CONFIGURATION_SET")
    })
  ]),
  ([aws, own]) => ({ ...aws, ...given(own) })
)
