import { homedir } from "node:os"
import { join, resolve } from "node:path"

export const root = resolve(import.meta.dirname, "../..")

/** What `npm run cluster:up` and `cluster:down` read from their environment. */
export interface Settings {
  /** CLUSTER_NAME: of the kind cluster. */
  readonly name: string
  /** NODE_IMAGE: of kind's node; the newest that the Docker engine has, or else kind's own choice. */
  readonly nodeImage: string | undefined
  /** API_PORT: where the API is on this machine. */
  readonly apiPort: number
  /** S3_PORT: where receipts are opened on this machine. */
  readonly s3Port: number
  /** IMAGE: an image of FlowForge that is there already; built from this checkout where it is not set. */
  readonly image: string | undefined
  /** The cluster's own, so that the user's current context stays as it was. */
  readonly kubeconfig: string
}

export class WrongSetting extends Error {}

const LARGEST_PORT = 65_535

const port = (name: string, fallback: number): number => {
  const text = process.env[name] ?? ""
  const value = text === "" ? fallback : Number(text)
  if (Number.isInteger(value) && value > 0 && value <= LARGEST_PORT) return value
  throw new WrongSetting(`${name}=${text} is not a port: 1 to ${LARGEST_PORT}`)
}

const given = (name: string): string | undefined => process.env[name] || undefined

/** What is kept from one run to the next. */
export const cacheFolder = (): string => given("FLOWFORGE_CACHE") ?? join(homedir(), ".cache", "flowforge")

/** Read once, at the start. */
export const readSettings = (): Settings => {
  const name = given("CLUSTER_NAME") ?? "flowforge"
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/u.test(name)) {
    throw new WrongSetting(`CLUSTER_NAME=${name} is no name for a cluster: small letters, digits and -, 40 at most`)
  }
  const apiPort = port("API_PORT", 8080)
  const s3Port = port("S3_PORT", 9070)
  if (apiPort === s3Port) throw new WrongSetting(`API_PORT and S3_PORT are both ${apiPort}`)
  return {
    name,
    nodeImage: given("NODE_IMAGE"),
    apiPort,
    s3Port,
    image: given("IMAGE"),
    kubeconfig: join(cacheFolder(), "clusters", `${name}.kubeconfig`)
  }
}
