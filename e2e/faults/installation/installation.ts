import { type AuditContext, contextOf, type RecordUnreadable } from "@flowforge/embedded/audit"
import { makeInstallation, TestDatabase } from "@flowforge/testkit"
import type { KafkaServer } from "@flowforge/testkit/kafka"
import { type OutsidePrograms, startOutside } from "@flowforge/testkit/outside"
import { type PostgresServer, startPostgres } from "@flowforge/testkit/postgres"
import { type FaultyProxy, faultyProxy } from "@flowforge/testkit/proxy"
import type { RedisServer } from "@flowforge/testkit/redis"
import { Context, Effect, Layer, type Scope } from "effect"
import { layerDatabaseOf } from "../../system/at-rest.ts"
import { gatewayProgram, SERVICES } from "../../system/programs.ts"
import { balance } from "./balancer.ts"
import { type Fleet, makeFleet } from "./fleet.ts"

/** A claim without a result is given up after this; long enough for the slowest attempt, which takes seven and a half. */
const CLAIM_LIMIT = "12 seconds"
const OF_EACH = 2

/** FlowForge as it would be installed: every server, and two of every process, each on its own. */
export class Installation extends Context.Service<
  Installation,
  {
    /** What customers know: one address before all `api`. */
    readonly publicUrl: string
    readonly postgresUrl: string
    readonly fleet: Fleet
    readonly postgres: PostgresServer
    readonly kafka: KafkaServer
    readonly redis: RedisServer
    /** What stands between the processes and each of the companies outside. */
    readonly proxies: Readonly<Record<Company, FaultyProxy>>
    readonly records: AuditContext<RecordUnreadable>
  }
>()("@flowforge/e2e/Installation") {
  static readonly layer = (programs: OutsidePrograms): Layer.Layer<Installation> =>
    Layer.effect(Installation, install(programs))
}

export type Company = "s3" | "ses" | "sns" | "gateway"

const install = (programs: OutsidePrograms): Effect.Effect<Installation["Service"], never, Scope.Scope> =>
  Effect.gen(function* () {
    // Durable, as in production: it is going to be killed.
    const postgres = yield* startPostgres({ max_connections: "200" })
    const outside = yield* startOutside(programs)
    const made = yield* makeInstallation({ gatewayProgram }).pipe(
      Effect.provideService(TestDatabase, { url: postgres.url, name: "postgres" })
    )
    const proxies = yield* Effect.all({
      s3: faultyProxy(outside.records.receipts.endpoint),
      ses: faultyProxy(outside.moto.url),
      sns: faultyProxy(outside.moto.url),
      gateway: faultyProxy(made.gatewayUrl)
    })
    let fleet: Fleet | undefined
    const publicUrl = yield* balance(() => (fleet?.of("api") ?? []).map((member) => member.publicUrl))
    fleet = yield* makeFleet({
      ...made.environment,
      ...outside.environment,
      S3_ENDPOINT: proxies.s3.url,
      SES_ENDPOINT: proxies.ses.url,
      SNS_ENDPOINT: proxies.sns.url,
      PAYMENT_GATEWAY_URL: proxies.gateway.url,
      NOTIFICATION_PUBLIC_URL: publicUrl,
      NOTIFICATION_CLAIM_LIMIT: CLAIM_LIMIT
    })
    yield* fleet.run("prepare")
    const services = SERVICES.flatMap((name) => Array.from({ length: OF_EACH }, () => name))
    yield* Effect.forEach(services, fleet.add)
    yield* fleet.ready
    const database = yield* Layer.build(layerDatabaseOf(made))
    const records = yield* contextOf({
      publicUrl,
      managementUrl: fleet.of("api")[0]!.process.managementUrl,
      postgresUrl: made.postgresUrl,
      gatewayUrl: made.gatewayUrl,
      ...outside.records
    }).pipe(Effect.provide(database))
    const { kafka, redis } = outside
    return { publicUrl, postgresUrl: made.postgresUrl, fleet, postgres, kafka, redis, proxies, records }
  }).pipe(Effect.orDie)
