import { createHash } from "node:crypto"
import { PublicApi } from "@flowforge/contracts"
import { layerDocumentation } from "@flowforge/platform/http"
import { HttpRouter } from "effect/http"
import type { Artefact } from "./artefact.ts"

const SCRIPT = /<script>([\s\S]*?)<\/script>/u

/** The page that `/docs` serves. In place of its program, which is the library's and not ours, stands its hash. */
export const page = async (): Promise<ReadonlyArray<Artefact>> => {
  const { dispose, handler } = HttpRouter.toWebHandler(layerDocumentation(PublicApi), { disableLogger: true })
  const response = await handler(new Request("http://localhost/docs"))
  const served = await response.text()
  await dispose()
  const program = SCRIPT.exec(served)?.[1]
  if (program === undefined) throw new Error("the page that /docs serves holds no program")
  const hash = createHash("sha256").update(program).digest("hex")
  const text = served.replace(SCRIPT, () => `<!-- the program of the page: sha256 ${hash} -->`)
  return [{ path: "docs/api/index.html", text }]
}
