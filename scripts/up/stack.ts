import type { RunningSystem } from "@flowforge/embedded"

/** What `docker compose config --format json` says, as far as it matters here. */
export interface ComposeConfig {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly environment?: Readonly<Record<string, string>>
        readonly ports?: ReadonlyArray<{ readonly target: number; readonly published: string }>
        readonly profiles?: ReadonlyArray<string>
      }
    >
  >
}

/** A port of the stack on this machine, and the variable that moves it. */
export interface StackPort {
  readonly variable: string
  readonly port: number
}

const PORTS = [
  ["PORT", "api", 8080],
  ["MANAGEMENT_PORT", "api", 9090],
  ["GATEWAY_PORT", "gateway", 8070],
  ["MAIL_PORT", "mail", 5000],
  ["S3_PORT", "s3", 7070],
  ["POSTGRES_PORT", "postgres", 5432],
  ["KAFKA_PORT", "kafka", 9094],
  ["REDIS_PORT", "redis", 6379]
] as const

/** The profile of the processes; what they stand on has none. */
export const PROCESSES = "processes"

const isProcess = ({ services }: ComposeConfig, name: string): boolean =>
  services[name]?.profiles?.includes(PROCESSES) ?? false

/** The processes of FlowForge, by name. */
export const processesIn = (config: ComposeConfig): ReadonlyArray<string> =>
  Object.keys(config.services).filter((name) => isProcess(config, name))

/** What they stand on, by name. */
export const serversIn = (config: ComposeConfig): ReadonlyArray<string> =>
  Object.keys(config.services).filter((name) => !isProcess(config, name))

/** The ports that some of the services hold on this machine. */
export const portsIn = (config: ComposeConfig, services: ReadonlyArray<string>): ReadonlyArray<StackPort> =>
  PORTS.filter(([, service]) => services.includes(service)).map(([variable, service, inner]) => ({
    variable,
    port: publishedPort(config, service, inner)
  }))

const publishedPort = ({ services }: ComposeConfig, service: string, inner: number): number => {
  const port = services[service]?.ports?.find(({ target }) => target === inner)
  if (port === undefined) throw new Error(`docker-compose.yaml publishes no port ${inner} of ${service}`)
  return Number(port.published)
}

/** Where the parts of the stack are, as seen from this machine. */
export const systemIn = (config: ComposeConfig): RunningSystem => {
  const at = (service: string, inner: number) => `http://localhost:${publishedPort(config, service, inner)}`
  const given = (service: string, name: string): string => {
    const value = config.services[service]?.environment?.[name]
    if (value === undefined) throw new Error(`docker-compose.yaml gives ${service} no ${name}`)
    return value
  }
  const database = new URL(given("api", "DATABASE_URL"))
  database.hostname = "localhost"
  database.port = String(publishedPort(config, "postgres", 5432))
  return {
    publicUrl: at("api", 8080),
    managementUrl: at("api", 9090),
    postgresUrl: database.href,
    gatewayUrl: at("gateway", 8070),
    receipts: {
      kind: "s3",
      endpoint: at("s3", 7070),
      region: given("api", "S3_REGION"),
      bucket: given("api", "S3_BUCKET"),
      accessKeyId: given("api", "S3_ACCESS_KEY_ID"),
      secretAccessKey: given("api", "S3_SECRET_ACCESS_KEY")
    },
    messages: { kind: "moto", url: at("mail", 5000) }
  }
}

/** Addresses within the stack, and the port behind which this machine finds the same. */
const INNER = [
  ["postgres:5432", "postgres", 5432],
  ["kafka:9092", "kafka", 9094],
  ["redis:6379", "redis", 6379],
  ["s3:7070", "s3", 7070],
  ["mail:5000", "mail", 5000],
  ["gateway:8070", "gateway", 8070]
] as const

/** What a process that runs on this machine, beside the servers in containers, is to find in its environment. */
export const environmentIn = (config: ComposeConfig): Readonly<Record<string, string>> => {
  const onThisMachine = (value: string): string =>
    INNER.reduce(
      (text, [inner, service, port]) => text.replaceAll(inner, `localhost:${publishedPort(config, service, port)}`),
      value
    )
  const told = processesIn(config).flatMap((name) => Object.entries(config.services[name]!.environment ?? {}))
  return {
    ...Object.fromEntries(told.map(([name, value]) => [name, onThisMachine(value)])),
    FLOWFORGE_HOST: "127.0.0.1",
    PORT: String(publishedPort(config, "api", 8080)),
    MANAGEMENT_PORT: String(publishedPort(config, "api", 9090)),
    LOG_FORMAT: "auto"
  }
}

interface Container {
  readonly Publishers?: ReadonlyArray<{ readonly PublishedPort: number }> | null
}

/** The ports that containers of the stack hold, as `docker compose ps --format json` lists them: one a line. */
export const heldPortsIn = (listing: string): ReadonlySet<number> =>
  new Set(
    listing
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line): Container => JSON.parse(line))
      .flatMap(({ Publishers }) => (Publishers ?? []).map(({ PublishedPort }) => PublishedPort))
  )
