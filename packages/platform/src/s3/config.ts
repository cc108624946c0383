import { Config } from "effect"
import { addressConfig, awsConfig, given } from "../aws/config.ts"

export const s3Config = Config.map(
  Config.all([
    awsConfig("S3"),
    Config.all({
      bucket: Config.NonEmptyString("S3_BUCKET"),
      publicEndpoint: addressConfig("S3_PUBLIC_ENDPOINT"),
      pathStyle: Config.Boolean("S3_PATH_STYLE").pipe(Config.withDefault(false))
    })
  ]),
  ([aws, own]) => ({ ...aws, ...given(own) })
)
