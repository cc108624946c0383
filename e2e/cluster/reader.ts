import { mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { load } from "js-yaml"
import { NODE_PORTS } from "./cluster.ts"
import type { Installation } from "./installation.ts"
import { HELM } from "./kubectl.ts"
import { run } from "./run.ts"
import { root } from "./settings.ts"

/** Variables that the page asks its readers for. */
export const GIVEN = [
  "IMAGE",
  "NEXT_IMAGE",
  "DATABASE_URL",
  "KAFKA_USERNAME",
  "KAFKA_PASSWORD",
  "REDIS_PASSWORD",
  "REDIS_URL"
] as const

export type Given = Readonly<Record<(typeof GIVEN)[number], string>>

const PATIENCE_MILLIS = 600_000
const EXAMPLES = join(root, "charts", "flowforge", "examples")

/** Somebody who follows the page, in a folder with the charts. */
export interface Reader {
  /** Types these commands into a shell that stops at the first that fails. Answers what they print. */
  readonly type: (commands: string, given: Given) => Promise<string>
  /** Makes production.yaml theirs: everything it stands on is in this cluster. */
  readonly edit: () => Promise<void>
}

export const makeReader = async (
  { access, apiUrl, s3Url }: Installation,
  postgresClient: string | undefined
): Promise<Reader> => {
  const folder = await mkdtemp(join(tmpdir(), "flowforge-page-"))
  const programs = join(folder, "bin")
  await mkdir(programs)
  await symlink(join(root, "charts"), join(folder, "charts"))
  const program = (name: string, command: string) =>
    writeFile(join(programs, name), `#!/bin/sh\nPATH=$OLD_PATH exec ${command} "$@"\n`, { mode: 0o755 })
  // The page says helm, whichever this run is about; Redis is reached from within.
  await program("helm", HELM)
  await program("redis-cli", "kubectl exec --namespace flowforge deployment/redis -- redis-cli")
  const oldPath = process.env["PATH"]!
  const path = [programs, ...(postgresClient ? [postgresClient] : []), oldPath].join(delimiter)
  const valuesIn = async (file: string): Promise<Record<string, any>> =>
    load(await readFile(file, "utf8")) as Record<string, any>

  return {
    type: (commands, given) =>
      run("bash", ["-euo", "pipefail", "-c", commands], {
        cwd: folder,
        env: { ...given, KUBECONFIG: access.kubeconfig, PATH: path, OLD_PATH: oldPath },
        patience: PATIENCE_MILLIS
      }),
    edit: async () => {
      const file = join(folder, "production.yaml")
      const production = await valuesIn(file)
      const { pipeline: here } = await valuesIn(join(EXAMPLES, "dependencies.yaml"))
      const { catalogue, kafka, paymentGateway, redis } = here
      const aws = { ...here.aws, s3: { ...here.aws.s3, publicEndpoint: { value: s3Url } } }
      const mine = {
        ...production,
        publicUrl: apiUrl,
        expose: { type: "NodePort", nodePort: { port: NODE_PORTS.api } },
        monitoring: { podMonitor: false },
        pipeline: {
          ...production["pipeline"],
          aws,
          catalogue,
          kafka,
          paymentGateway,
          redis,
          // Nobody measures CPU here.
          services: { api: { replicas: 2 } }
        }
      }
      await writeFile(file, JSON.stringify(mine, null, 2))
    }
  }
}
