import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from "@aws-sdk/client-s3"
import { getSignedUrl } from "@aws-sdk/s3-request-presigner"
import { Duration, Effect, Layer, Option } from "effect"
import { type AwsOptions, type CallLimits, clientSettings } from "../aws/client.ts"
import { failureOf } from "../aws/failure.ts"
import { awsSpan } from "../aws/span.ts"
import { ObjectStoreUnavailable } from "../object-store/error.ts"
import { checkKey } from "../object-store/key.ts"
import { ObjectStore } from "../object-store/object-store.ts"

export interface S3Options extends AwsOptions {
  readonly bucket: string
  /** Where browsers reach the store, when that is not the endpoint: a signature covers the host. */
  readonly publicEndpoint?: string
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`: what most stores other than AWS want. */
  readonly pathStyle?: boolean
}

/** Both attempts of a call together, with the reading of what it answers. */
const CALL_TIMEOUT = Duration.seconds(5)
/** Putting the same object twice is putting it once, so one more attempt does no harm. */
const CALL_LIMITS: CallLimits = { maxAttempts: 2, requestTimeout: 1_500 }
/** As long as a signature may hold by AWS's rules. */
const LONGEST_SIGNATURE = Duration.toSeconds(Duration.days(7))

const unavailable = (error: unknown) => new ObjectStoreUnavailable({ reason: failureOf(error).reason })

const call = <A>(
  method: "PutObject" | "GetObject",
  run: (signal: AbortSignal) => Promise<A>
): Effect.Effect<A, ObjectStoreUnavailable> =>
  Effect.tryPromise({ try: run, catch: unavailable }).pipe(
    Effect.timeoutOrElse({
      duration: CALL_TIMEOUT,
      orElse: () => Effect.fail(new ObjectStoreUnavailable({ reason: "no answer within 5 s" }))
    }),
    awsSpan("S3", method)
  )

/** Objects in one bucket of an S3, which has to be there. It is built whether the store answers or not. */
export const layerS3 = (options: S3Options): Layer.Layer<ObjectStore> =>
  Layer.effect(
    ObjectStore,
    Effect.gen(function* () {
      const inner = yield* client(options, options.endpoint)
      const outer = yield* client(options, options.publicEndpoint ?? options.endpoint)
      const at = (key: string) => ({ Bucket: options.bucket, Key: key })
      const checked = (key: string) => Effect.sync(() => checkKey(key))
      return ObjectStore.of({
        put: ({ body, contentType, key }) =>
          Effect.flatMap(checked(key), () =>
            Effect.asVoid(
              call("PutObject", (abortSignal) =>
                inner.send(new PutObjectCommand({ ...at(key), Body: body, ContentType: contentType }), { abortSignal })
              )
            )
          ),
        get: (key) =>
          Effect.flatMap(checked(key), () =>
            call("GetObject", async (abortSignal) => {
              try {
                const { Body } = await inner.send(new GetObjectCommand(at(key)), { abortSignal })
                return Option.fromNullishOr(await Body?.transformToByteArray())
              } catch (error) {
                if (error instanceof NoSuchKey) return Option.none<Uint8Array>()
                throw error
              }
            })
          ),
        signedUrl: (key, expiresIn) =>
          Effect.flatMap(checked(key), () =>
            Effect.tryPromise({
              try: () =>
                getSignedUrl(outer, new GetObjectCommand(at(key)), {
                  expiresIn: Math.min(LONGEST_SIGNATURE, Math.max(1, Math.ceil(Duration.toSeconds(expiresIn))))
                }),
              catch: unavailable
            })
          )
      })
    })
  )

const client = (options: S3Options, endpoint: string | undefined) =>
  Effect.acquireRelease(
    Effect.sync(
      () =>
        new S3Client({
          ...clientSettings({ ...options, ...(endpoint === undefined ? {} : { endpoint }) }, CALL_LIMITS),
          forcePathStyle: options.pathStyle ?? false,
          // Stores other than AWS refuse the newer checksums; TCP and the signature already cover the bytes.
          requestChecksumCalculation: "WHEN_REQUIRED",
          responseChecksumValidation: "WHEN_REQUIRED"
        })
    ),
    (made) => Effect.sync(() => made.destroy())
  )
