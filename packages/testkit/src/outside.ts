import { Effect, type Scope } from "effect"
import { findKafka, KAFKA_MISSING, type KafkaProgram, type KafkaServer, startKafka } from "./kafka/index.ts"
import { findMoto, type Moto, MOTO_MISSING, startMoto } from "./moto/index.ts"
import {
  findObjectStore,
  OBJECT_STORE_BUCKET,
  OBJECT_STORE_CREDENTIALS,
  OBJECT_STORE_MISSING,
  OBJECT_STORE_REGION,
  startObjectStore
} from "./object-store/index.ts"
import { findRedis, REDIS_MISSING, type RedisProgram, type RedisServer, startRedis } from "./redis/index.ts"

/** The programs of all servers beside PostgreSQL that an installation stands on. */
export interface OutsidePrograms {
  readonly kafka: KafkaProgram
  readonly redis: RedisProgram
  readonly objects: string
  readonly moto: string
}

/** Finds or installs them; where one is not to be had, what to install instead. */
export const findOutside: Effect.Effect<OutsidePrograms | { readonly missing: ReadonlyArray<string> }> = Effect.gen(
  function* () {
    const found = { kafka: findKafka, redis: findRedis, objects: findObjectStore, moto: findMoto }
    const { kafka, moto, objects, redis } = yield* Effect.all(found, { concurrency: 4 })
    if (kafka !== undefined && redis !== undefined && objects !== undefined && moto !== undefined)
      return { kafka, redis, objects, moto }
    return {
      missing: [
        ...(kafka === undefined ? [KAFKA_MISSING] : []),
        ...(redis === undefined ? [REDIS_MISSING] : []),
        ...(objects === undefined ? [OBJECT_STORE_MISSING] : []),
        ...(moto === undefined ? [MOTO_MISSING] : [])
      ]
    }
  }
)

/** What is outside of an installation's processes, and how they are told where it is. */
export interface Outside {
  readonly kafka: KafkaServer
  readonly redis: RedisServer
  readonly moto: Moto
  readonly environment: Readonly<Record<string, string>>
  /** Where receipts, mails and text messages are to be read back, whatever stands between them and the processes. */
  readonly records: {
    readonly receipts: {
      readonly kind: "s3"
      readonly endpoint: string
      readonly region: string
      readonly bucket: string
    } & {
      readonly accessKeyId: string
      readonly secretAccessKey: string
    }
    readonly messages: { readonly kind: "moto"; readonly url: string }
  }
}

const SENDER = "orders@flowforge.example"

/** Starts Kafka, Redis, S3, and a stand-in for SES and SNS that lets mail be sent; all are gone with the scope. */
export const startOutside = (programs: OutsidePrograms): Effect.Effect<Outside, never, Scope.Scope> =>
  Effect.gen(function* () {
    const [kafka, redis, objects, moto] = yield* Effect.all(
      [
        startKafka(programs.kafka),
        startRedis(programs.redis),
        startObjectStore(programs.objects),
        startMoto(programs.moto)
      ],
      { concurrency: "unbounded" }
    )
    yield* moto.verify(SENDER)
    const { accessKeyId, secretAccessKey } = OBJECT_STORE_CREDENTIALS
    const aws = (service: "S3" | "SES" | "SNS", url: string) => ({
      [`${service}_REGION`]: OBJECT_STORE_REGION,
      [`${service}_ENDPOINT`]: url,
      [`${service}_ACCESS_KEY_ID`]: accessKeyId,
      [`${service}_SECRET_ACCESS_KEY`]: secretAccessKey
    })
    return {
      kafka,
      redis,
      moto,
      environment: {
        FLOWFORGE_BROKER: "kafka",
        KAFKA_BROKERS: kafka.address,
        REDIS_URL: redis.url,
        FLOWFORGE_OBJECTS: "s3",
        ...aws("S3", objects.url),
        S3_BUCKET: OBJECT_STORE_BUCKET,
        S3_PATH_STYLE: "true",
        FLOWFORGE_MAIL: "ses",
        ...aws("SES", moto.url),
        ...aws("SNS", moto.url),
        SES_FROM: SENDER
      },
      records: {
        receipts: {
          kind: "s3" as const,
          endpoint: objects.url,
          region: OBJECT_STORE_REGION,
          bucket: OBJECT_STORE_BUCKET,
          accessKeyId,
          secretAccessKey
        },
        messages: { kind: "moto" as const, url: moto.url }
      }
    }
  })
