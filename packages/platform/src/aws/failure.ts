/** What an AWS call came to when it did not succeed. */
export interface AwsFailure {
  /** The HTTP status answered; undefined when no answer came. */
  readonly status: number | undefined
  /** The service's name for it (`TooManyRequestsException`), or Node's (`ECONNREFUSED`). */
  readonly name: string
  readonly reason: string
  /** No connection was made: surely nothing happened there. */
  readonly isUnsent: boolean
}

const UNSENT = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CredentialsProviderError)$/u
const NOT_CONNECTED = "did not establish a connection"

/** Reads an error of the SDK. */
export const failureOf = (error: unknown): AwsFailure => {
  const { $metadata, code, errors, message, name } = error as Error & {
    readonly code?: string
    readonly errors?: ReadonlyArray<{ readonly code?: string }>
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  const status = $metadata?.httpStatusCode
  // A name with two addresses fails with both reasons inside.
  const called = code ?? errors?.[0]?.code ?? name
  return {
    status,
    name: status === undefined ? called : name,
    reason: `${status === undefined ? called : name}: ${message || "no message"}`.slice(0, 500),
    isUnsent: status === undefined && (UNSENT.test(called) || UNSENT.test(name) || message.includes(NOT_CONNECTED))
  }
}
