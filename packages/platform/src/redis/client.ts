import { Redis } from "ioredis"
import { Redacted } from "effect"

export interface RedisTls {
  /** Who may have signed the server's certificate, as PEM; the system's authorities where it is absent. */
  readonly authority?: string
  /** The name in the server's certificate, where it is not the host of the URL. */
  readonly serverName?: string
  /** What this client shows of itself, as PEM, where the server asks for it. */
  readonly certificate?: string
  readonly key?: Redacted.Redacted
}

export interface RedisOptions {
  /** `redis://host:6379/0`, or `rediss://…` for TLS, with user and password if it has them. */
  readonly url: Redacted.Redacted
  /** Instead of the one in the URL. */
  readonly password?: Redacted.Redacted
  readonly tls?: RedisTls
  /** How long a command may take, in milliseconds: 20, for a cache that is slower is of no use. */
  readonly commandTimeout?: number
}

const COMMAND_TIMEOUT = 20

/**
 * A client that never makes anybody wait: nothing queues while there is no connection, nothing is sent twice, and a
 * connection that owes an answer for 250 ms is given up for a new one.
 */
export const makeClient = ({ commandTimeout = COMMAND_TIMEOUT, password, tls, url }: RedisOptions): Redis => {
  const { hostname, password: passwordInUrl, pathname, port, protocol, username } = new URL(Redacted.value(url))
  const secret = password === undefined ? decodeURIComponent(passwordInUrl) : Redacted.value(password)
  return new Redis({
    host: hostname.replace(/^\[|\]$/gu, ""),
    port: Number(port || 6379),
    // Both kinds of addresses, as the name has them.
    family: 0,
    db: Number(pathname.slice(1) || 0),
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(secret === "" ? {} : { password: secret }),
    ...(protocol === "rediss:" ? { tls: tlsOf(tls) } : {}),
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 500,
    commandTimeout,
    socketTimeout: Math.max(250, commandTimeout),
    retryStrategy: (times) => Math.min(times * 50, 500),
    // Servers before 7.2 refuse what it would tell them.
    disableClientInfo: true
  })
}

const tlsOf = ({ authority, certificate, key, serverName }: RedisTls = {}) => ({
  ...(authority === undefined ? {} : { ca: authority }),
  ...(serverName === undefined ? {} : { servername: serverName }),
  ...(certificate === undefined ? {} : { cert: certificate }),
  ...(key === undefined ? {} : { key: Redacted.value(key) })
})
