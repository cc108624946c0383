import { PublicApi } from "@flowforge/contracts"
import { layerDocumentation } from "@flowforge/platform/http"
import { HttpRouter } from "effect/http"
import type { Artefact } from "./artefact.ts"

const SCRIPT = /<script>([\s\S]*?)<\/script>/u

const NOTICE = "/*! @scalar/api-reference, as the effect package brings it. Copyright (c) Scalar; MIT licence. */\n"

/** The page that `/docs` serves, its three megabytes of program apart: so a change of the API is a small diff. */
export const page = async (): Promise<ReadonlyArray<Artefact>> => {
  const { dispose, handler } = HttpRouter.toWebHandler(layerDocumentation(PublicApi), { disableLogger: true })
  const response = await handler(new Request("http://localhost/docs"))
  const served = await response.text()
  await dispose()
  const program = SCRIPT.exec(served)?.[1]
  if (program === undefined) throw new Error("the page that /docs serves holds no program")
  return [
    { path: "docs/api/index.html", text: served.replace(SCRIPT, () => '<script src="scalar.js"></script>') },
    { path: "docs/api/scalar.js", text: `${NOTICE}${program}` }
  ]
}
