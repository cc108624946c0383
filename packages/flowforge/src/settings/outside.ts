import { NotificationService } from "@flowforge/notification"
import { redisConfig, type RedisOptions } from "@flowforge/platform/redis"
import { address, all, as, choice, choose, row, secret, type Setting, text } from "@flowforge/platform/settings"
import { Config, Effect } from "effect"
import { s3, ses, sns } from "./aws.ts"
import { kafka } from "./kafka.ts"
import { ofConfig } from "./of-config.ts"

/** What carries events from process to process. */
export const broker = choose(
  choice("FLOWFORGE_BROKER", ["kafka", "postgres"], "what carries events between the services"),
  { kafka: as("kafka", kafka), postgres: as("postgres", all({})) }
)

const redis = ofConfig(redisConfig, [
  row("REDIS_URL", "no cache", "the cache: redis://host:6379, or rediss://user@host:6379 with TLS", true),
  row("REDIS_PASSWORD", "that of REDIS_URL", "the password, where it does not stand in REDIS_URL", true),
  row("REDIS_TLS_CA_FILE", "the system's authorities", "who may have signed the Redis's certificate, as PEM"),
  row("REDIS_TLS_SERVER_NAME", "the host", "the name in the Redis's certificate"),
  row("REDIS_TLS_CERT_FILE", "none", "what a process shows of itself, where the Redis asks for it, as PEM"),
  row("REDIS_TLS_KEY_FILE", "none", "the key to that")
])

const isSet = (name: string) =>
  Config.String(name).pipe(
    Config.withDefault(""),
    Effect.map((text) => text !== ""),
    Effect.orDie
  )

/** What all processes may answer from instead of from PostgreSQL: a Redis, where one is named. */
export const cache: Setting<RedisOptions | undefined> = {
  variables: redis.variables,
  read: Effect.gen(function* () {
    const isNamed = (yield* isSet("REDIS_URL")) || (yield* isSet("REDIS_URL_FILE"))
    return isNamed ? yield* redis.read : undefined
  })
}

const folder = text("FLOWFORGE_DATA", {
  means: "the folder for receipts and mails; shared by the processes that use it"
})

/** Where receipts are kept. */
export const objects = choose(choice("FLOWFORGE_OBJECTS", ["folder", "s3"], "where receipts are kept"), {
  s3: as("s3", all({ s3 })),
  folder: as(
    "folder",
    all({
      folder,
      publicUrl: NotificationService.publicUrl,
      signingKey: secret("OBJECTS_SIGNING_KEY", {
        expects: "a text",
        means: "signs the addresses of receipts; the same for every process"
      })
    })
  )
})

const mailChoice = choice("FLOWFORGE_MAIL", ["folder", "ses"], "how customers are told")

/** How customers are told. */
export const mail = choose(mailChoice, { folder: as("folder", all({ folder })), ses: as("ses", all({ ses, sns })) })

/** Where operators can read what customers were told. */
export const mailbox = choose(mailChoice, { folder: as("folder", all({ folder })), ses: as("ses", all({})) })

export const gatewayUrl: Setting<string> = address("PAYMENT_GATEWAY_URL", { means: "the payment company" })

/** What the shop sells, for development and the demo. */
export const catalogue: Setting<"none" | "demo"> = choice(
  "FLOWFORGE_CATALOGUE",
  ["none", "demo"],
  "items and customers that are entered where they are missing",
  "none"
)
