import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { s3Config } from "@flowforge/platform/s3"
import { sesConfig } from "@flowforge/platform/ses"
import { snsConfig } from "@flowforge/platform/sns"
import { type Config, ConfigProvider, Effect, Redacted } from "effect"
import { temporaryFolder } from "../temporary-folder.ts"

const read = <A>(config: Config.Config<A>, variables: Record<string, string>) =>
  config.parse(ConfigProvider.fromEnv({ env: variables }))

const required = { S3_REGION: "eu-west-1", S3_BUCKET: "receipts" }

describe("the configuration of S3, SES and SNS", () => {
  it.effect("leaves out what nothing was said of: AWS's own addresses, and what the SDK finds", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read(s3Config, required), {
        region: "eu-west-1",
        bucket: "receipts",
        pathStyle: false
      })
      assert.deepStrictEqual(yield* read(snsConfig, { SNS_REGION: "eu-west-1" }), { region: "eu-west-1" })
    })
  )

  it.live("takes secrets from files", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "secret")
      yield* Effect.promise(() => writeFile(file, "hidden\n"))
      const { credentials, endpoint, publicEndpoint } = yield* read(s3Config, {
        ...required,
        S3_ENDPOINT: "http://s3:7070",
        S3_PUBLIC_ENDPOINT: "https://receipts.example.com",
        S3_ACCESS_KEY_ID: "flowforge",
        S3_SECRET_ACCESS_KEY_FILE: file
      })
      assert.deepStrictEqual([endpoint, publicEndpoint], ["http://s3:7070", "https://receipts.example.com"])
      assert.strictEqual(credentials?.accessKeyId, "flowforge")
      assert.strictEqual(Redacted.value(credentials!.secretAccessKey), "hidden")
    })
  )

  it.effect("takes senders with a name and without", () =>
    Effect.gen(function* () {
      for (const from of [
        "orders@example.com",
        "Flow Forge <o.r@shop.example.com>",
        '"Forge, Flow" <o+r@example.com>'
      ]) {
        assert.strictEqual((yield* read(sesConfig, { SES_REGION: "eu-west-1", SES_FROM: from })).from, from)
      }
      const sms = { SNS_REGION: "eu-west-1", SNS_SENDER_ID: "FlowForge24" }
      assert.strictEqual((yield* read(snsConfig, sms)).senderId, "FlowForge24")
    })
  )

  const mistakes: ReadonlyArray<
    readonly [config: Config.Config<unknown>, variables: Record<string, string>, says: string]
  > = [
    [s3Config, { S3_BUCKET: "receipts" }, "S3_REGION"],
    [s3Config, { S3_REGION: "eu-west-1" }, "S3_BUCKET"],
    [s3Config, { ...required, S3_ENDPOINT: "nowhere" }, "S3_ENDPOINT"],
    [s3Config, { ...required, S3_PATH_STYLE: "perhaps" }, "S3_PATH_STYLE"],
    [s3Config, { ...required, S3_ACCESS_KEY_ID: "flowforge" }, "S3_SECRET_ACCESS_KEY"],
    [s3Config, { ...required, S3_SECRET_ACCESS_KEY_FILE: "/nowhere" }, "S3_SECRET_ACCESS_KEY_FILE"],
    [s3Config, { ...required, S3_ACCESS_KEY_ID: "a", S3_ACCESS_KEY_ID_FILE: "/dev/null" }, "S3_ACCESS_KEY_ID_FILE"],
    [sesConfig, { SES_REGION: "eu-west-1" }, "SES_FROM"],
    ...["nonsense", "a..b@example.com", "Karen, Chan <karen@example.com>", "a@b.c\nBcc: d@e.f", "ä <a@b.c>"].map(
      (from) => [sesConfig, { SES_REGION: "eu-west-1", SES_FROM: from }, "SES_FROM"] as const
    ),
    ...["TwelveSignsX", "12345678901", "twelve-signs", "a name"].map(
      (id) => [snsConfig, { SNS_REGION: "eu-west-1", SNS_SENDER_ID: id }, "SNS_SENDER_ID"] as const
    )
  ]
  for (const [config, variables, says] of mistakes) {
    it.effect(`names ${says} when it is missing or wrong (${JSON.stringify(variables)})`, () =>
      Effect.gen(function* () {
        assert.include(String((yield* Effect.flip(read(config, variables))).message), says)
      })
    )
  }
})
