import { createHmac, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"

const sign = (secret: Redacted.Redacted, key: string, expires: string): Buffer =>
  createHmac("sha256", Redacted.value(secret)).update(`GET\n${key}\n${expires}`).digest()

/** The query of an address that opens an object until then. `expires`: seconds since 1970. */
export const signedQuery = (secret: Redacted.Redacted, key: string, expires: number): string =>
  `expires=${expires}&signature=${sign(secret, key, String(expires)).toString("base64url")}`

/** Why an address does not open this object now; undefined when it does. */
export const refusalOf = (options: {
  readonly secret: Redacted.Redacted
  readonly key: string
  readonly query: URLSearchParams
  readonly nowMillis: number
}): "unsigned" | "tampered" | "expired" | undefined => {
  const { key, nowMillis, query, secret } = options
  const expires = query.get("expires")
  const signature = query.get("signature")
  if (expires === null || signature === null) return "unsigned"
  const given = Buffer.from(signature, "base64url")
  const expected = sign(secret, key, expires)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return "tampered"
  return Number(expires) * 1000 > nowMillis ? undefined : "expired"
}
