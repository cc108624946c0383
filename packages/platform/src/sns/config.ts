import { Config, Schema } from "effect"
import { awsConfig, given } from "../aws/config.ts"
import { orUndefined } from "../config.ts"

const SenderId = Schema.String.check(
  Schema.makeFilter((text) => /^(?=.*[A-Za-z])[A-Za-z\d]{1,11}$/u.test(text), {
    expected: "1 to 11 letters or digits, a letter among them"
  })
)

export const snsConfig = Config.map(
  Config.all([
    awsConfig("SNS"),
    Config.all({
      senderId: orUndefined(Config.schema(SenderId, "SNS_SENDER_ID"))
    })
  ]),
  ([aws, own]) => ({ ...aws, ...given(own) })
)
