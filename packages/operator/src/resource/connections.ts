import { Schema } from "effect"
import { defaultsTo } from "./rules.ts"
import { SecretSource, Source } from "./sources.ts"

const url = (description: string) => Source.annotate({ description })

const Kafka = Schema.Struct({
  brokers: url("Some of Kafka's brokers: host:port, with commas between several."),
  replicationFactor: defaultsTo(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })).annotate({
      description: "The copies of each topic that is made."
    }),
    1
  ),
  tls: Schema.optionalKey(
    Schema.Struct({ ca: Schema.optionalKey(Source) }).annotate({
      description: "Speaks TLS where it is there, {} too. `ca`: who may have signed the brokers' certificates, as PEM."
    })
  ),
  sasl: Schema.optionalKey(
    Schema.Struct({
      mechanism: Schema.Literals(["plain", "scram-sha-256", "scram-sha-512"]),
      username: Source,
      password: SecretSource
    })
  )
}).annotate({ description: "What carries the events." })

const PostgreSql = Schema.Struct({
  url: SecretSource.annotate({ description: "postgres://user:password@host:5432/database" }),
  ca: Schema.optionalKey(Source.annotate({ description: "Who may have signed its certificate, as PEM; demands TLS." })),
  connections: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 6, maximum: 500 })).annotate({
      description: "The most connections of one pod."
    })
  )
}).annotate({ description: "The source of truth." })

const Redis = Schema.Struct({
  url: url("redis://host:6379, or rediss://user@host:6379 with TLS"),
  password: Schema.optionalKey(SecretSource)
}).annotate({ description: "A cache. Without it everything works, only slower." })

const endpoint = Schema.optionalKey(url("Another address than AWS's own."))

const Aws = Schema.Struct({
  region: Schema.NonEmptyString.check(Schema.isMaxLength(63)),
  credentials: Schema.optionalKey(
    Schema.Struct({ accessKeyId: Source, secretAccessKey: SecretSource }).annotate({
      description: "Left out, AWS's SDK finds them: a role of the ServiceAccount, for example."
    })
  ),
  s3: Schema.Struct({
    bucket: url("The bucket of the receipts."),
    endpoint,
    publicEndpoint: Schema.optionalKey(url("The address that customers' browsers use: signatures cover the host.")),
    pathStyle: defaultsTo(
      Schema.Boolean.annotate({ description: "Whether the bucket stands in the path, not in the host." }),
      false
    )
  }),
  ses: Schema.Struct({
    from: url("The sender of mails."),
    endpoint,
    configurationSet: Schema.optionalKey(Schema.NonEmptyString.check(Schema.isMaxLength(64)))
  }),
  sns: Schema.optionalKey(
    Schema.Struct({ endpoint, senderId: Schema.optionalKey(Schema.NonEmptyString.check(Schema.isMaxLength(11))) })
  )
}).annotate({ description: "Receipts (S3), mails (SES) and SMS (SNS)." })

/** What an installation stands on. */
export const connections = {
  kafka: Kafka,
  postgresql: PostgreSql,
  redis: Schema.optionalKey(Redis),
  aws: Aws,
  paymentGateway: Schema.Struct({ url: url("https://payments.example.com") }).annotate({
    description: "The payment company."
  })
} as const
