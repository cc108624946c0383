import { ManagementApi, type OrderId, PublicApi } from "@flowforge/contracts"
import { Context, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"

/** A running FlowForge as seen from outside: its two addresses and typed clients for them. */
export class FlowForge extends Context.Service<
  FlowForge,
  {
    readonly publicUrl: string
    readonly managementUrl: string
    readonly api: HttpApiClient.ForApi<typeof PublicApi>
    readonly management: HttpApiClient.ForApi<typeof ManagementApi>
    /** Every order that its tests were given a 202 for: the audit at their end wants to see them all. */
    readonly accepted: Set<OrderId>
  }
>()("@flowforge/e2e/FlowForge") {
  static readonly layer = (at: {
    readonly publicUrl: string
    readonly managementUrl: string
  }): Layer.Layer<FlowForge> =>
    Layer.effect(
      FlowForge,
      Effect.gen(function* () {
        const api = yield* HttpApiClient.make(PublicApi, { baseUrl: at.publicUrl })
        const management = yield* HttpApiClient.make(ManagementApi, { baseUrl: at.managementUrl })
        return { ...at, api, management, accepted: new Set<OrderId>() }
      })
    ).pipe(Layer.provide(FetchHttpClient.layer))
}
