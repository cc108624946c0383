import { ManagementApi, PublicApi } from "@flowforge/contracts"
import { OpenApi } from "effect/http-api"
import type { Artefact } from "./artefact.ts"

const pretty = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`

/** The HTTP interfaces as `/openapi.json` serves them. */
export const openapi = (): ReadonlyArray<Artefact> => [
  { path: "docs/api/public.openapi.json", text: pretty(OpenApi.fromApi(PublicApi)) },
  { path: "docs/api/management.openapi.json", text: pretty(OpenApi.fromApi(ManagementApi)) }
]
