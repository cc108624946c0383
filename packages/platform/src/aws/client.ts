import { Redacted } from "effect"

export interface AwsOptions {
  readonly region: string
  /** Instead of AWS's own: `http://s3.internal:7070`. */
  readonly endpoint?: string
  /** Where absent, what the SDK finds by itself: the environment, the pod's identity, the machine's role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: Redacted.Redacted }
}

const CONNECTION_TIMEOUT = 500

export interface CallLimits {
  readonly maxAttempts: number
  /** How long an attempt may be without an answer, or without a byte of it: milliseconds. The SDK's own limit is none. */
  readonly requestTimeout: number
}

/** What may have been sent is never sent again, so its answer is worth waiting for. */
export const SENDING_LIMITS: CallLimits = { maxAttempts: 1, requestTimeout: 3_000 }

/** A client's settings that bound every call: nothing waits for ever, nothing is tried again behind our back. */
export const clientSettings = (
  { credentials, endpoint, region }: AwsOptions,
  { maxAttempts, requestTimeout }: CallLimits
) => ({
  region,
  maxAttempts,
  ...(endpoint === undefined ? {} : { endpoint }),
  ...(credentials === undefined
    ? {}
    : {
        credentials: {
          accessKeyId: credentials.accessKeyId,
          secretAccessKey: Redacted.value(credentials.secretAccessKey)
        }
      }),
  requestHandler: {
    connectionTimeout: CONNECTION_TIMEOUT,
    requestTimeout,
    socketTimeout: requestTimeout,
    // Otherwise it only warns.
    throwOnRequestTimeout: true
  }
})
