import { Config, Redacted } from "effect"
import { all, as, choose, refine, type Setting } from "./setting.ts"
import { choice, optionalSecret, secret, text, variable } from "./variable.ts"

/** What carries events from process to process. */
export const broker = choose(choice("FLOWFORGE_BROKER", ["postgres"], "what carries events between the services"), {
  postgres: as("postgres", all({}))
})

const A_REDIS = "a URL such as redis://host:6379 or, with TLS, rediss://user@host:6379"

/** What all processes may answer from instead of from PostgreSQL. */
export const cache = all({
  url: refine(
    optionalSecret("REDIS_URL", { expects: A_REDIS, means: "the cache, a Redis", absence: "no cache" }),
    (url) =>
      url === undefined || (/^rediss?:\/\/[^/]/u.test(Redacted.value(url)) && URL.canParse(Redacted.value(url)))
        ? undefined
        : `REDIS_URL is wrong: it must be ${A_REDIS}`
  ),
  password: optionalSecret("REDIS_PASSWORD", {
    expects: "a text",
    means: "the password of the Redis, where it does not stand in REDIS_URL",
    absence: "that of REDIS_URL"
  }),
  authority: optionalSecret("REDIS_TLS_CA", {
    expects: "a certificate as PEM",
    means: "who may have signed the certificate of a Redis with TLS, as PEM",
    absence: "the system's authorities"
  })
})

const folder = text("FLOWFORGE_DATA", {
  means: "the folder for receipts and mails; shared by the processes that use it"
})

const publicUrl = variable("NOTIFICATION_PUBLIC_URL", {
  parse: Config.URL,
  expects: "a URL such as https://orders.example.com",
  means: "where customers reach the public port; links in mails and to receipts begin with it",
  fallback: "http://localhost:8080"
})

/** Where receipts are kept. */
export const objects = choose(choice("FLOWFORGE_OBJECTS", ["folder"], "where receipts are kept"), {
  folder: as(
    "folder",
    all({
      folder,
      publicUrl,
      signingKey: secret("OBJECTS_SIGNING_KEY", {
        expects: "a text",
        means: "signs the addresses of receipts; the same for every process"
      })
    })
  )
})

const mailChoice = choice("FLOWFORGE_MAIL", ["folder"], "how customers are told")

/** How customers are told. */
export const mail = choose(mailChoice, { folder: as("folder", all({ folder })) })

/** Where operators can read what customers were told. */
export const mailbox = choose(mailChoice, { folder: as("folder", all({ folder })) })

export const gatewayUrl: Setting<URL> = variable("PAYMENT_GATEWAY_URL", {
  parse: Config.URL,
  expects: "a URL such as https://payments.example.com",
  means: "the payment company"
})

/** What the shop sells, for development and the demo. */
export const catalogue: Setting<"none" | "demo"> = choice(
  "FLOWFORGE_CATALOGUE",
  ["none", "demo"],
  "items and customers that are entered where they are missing",
  "none"
)
