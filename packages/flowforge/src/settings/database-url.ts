import { isDecodable } from "@flowforge/platform"

const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

/** What no waiting mends, though it looks as if PostgreSQL were away: said before, and without what stands there. */
export const mistakeInDatabaseUrl = (text: string): string | undefined => {
  const wrong = (what: string) => `DATABASE_URL is wrong: ${what}`
  if (!/^postgres(?:ql)?:\/\/[^/]/u.test(text) || !URL.canParse(text) || new URL(text).port === "0")
    return wrong("it must be a URL such as postgres://user@host:5432/database")
  const url = new URL(text)
  if (!isDecodable(url)) return wrong("a % in its user, password or database must be written as %25")
  const sslMode = url.searchParams.get("sslmode")
  if (sslMode !== null && !SSL_MODES.includes(sslMode)) return wrong(`its sslmode must be ${SSL_MODES.join(" or ")}`)
  return undefined
}
