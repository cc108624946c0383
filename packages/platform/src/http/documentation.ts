import { type HttpApi, type HttpApiGroup, HttpApiScalar } from "effect/http-api"
import type { KnownRoute } from "./methods.ts"

/** Nothing on the page comes from elsewhere, and nothing leads to its maker's services. */
const scalar = {
  withDefaultFonts: false,
  showDeveloperTools: "never",
  hideClientButton: true,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  defaultOpenAllTags: true
}

/** The address of {@link layerDocumentation}. */
export const documentationRoutes: ReadonlyArray<KnownRoute> = [{ method: "GET", path: "/docs" }]

/** `/docs`: an API for people to read and try. The page works without a network. */
export const layerDocumentation = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
) => HttpApiScalar.layer(api, { path: "/docs", scalar })
