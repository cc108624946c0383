import { Redacted } from "effect"

export interface AwsOptions {
  readonly region: string
  /** Instead of AWS's own: `http://s3.internal:7070`. */
  readonly endpoint?: string
  /** Where absent, what the SDK finds by itself: the environment, the pod's identity, the machine's role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: Redacted.Redacted }
}

/** How long an attempt may be without an answer, or without a byte of it. The SDK's own limit is none. */
export const REQUEST_TIMEOUT = 1500
const CONNECTION_TIMEOUT = 500

/** A client's settings that bound every call: nothing waits for ever, nothing is tried again behind our back. */
export const clientSettings = ({ credentials, endpoint, region }: AwsOptions, maxAttempts: number) => ({
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
    requestTimeout: REQUEST_TIMEOUT,
    socketTimeout: REQUEST_TIMEOUT,
    // Otherwise it only warns.
    throwOnRequestTimeout: true
  }
})
