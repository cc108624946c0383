import { ManagementApi, PublicApi } from "@flowforge/contracts"
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
        return { ...at, api, management }
      })
    ).pipe(Layer.provide(FetchHttpClient.layer))
}
