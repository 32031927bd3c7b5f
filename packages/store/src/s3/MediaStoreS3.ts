/** Pictures in a bucket of any store that speaks S3: three requests, signed by `aws4fetch`. */
import * as Media from "@rookery/domain/Media"
import { AwsClient } from "aws4fetch"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { createHash } from "node:crypto"
import { Readable } from "node:stream"
import { type ByteRange, type MediaObject, MediaStore } from "../MediaStore.ts"
import { StoreError } from "../StoreError.ts"

export interface Settings {
  /** Without a slash at the end and without the bucket: `https://s3.eu-central-1.amazonaws.com`. */
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted.Redacted
  /** Whether the bucket stands in the path; in the host's name otherwise. */
  readonly pathStyle: boolean
}

/** From a request's start to the head of its answer, and for a whole operation, in milliseconds. */
const attemptMillisMax = 10_000
const operationMillisMax = 30_000
const retriesMax = 2
const backoff = Schedule.jittered(Schedule.exponential("100 millis"))

const removalsAtOnce = 8
/** Of what the store says about a refusal. */
const reasonMax = 300

/** Whether it is worth asking again is part of a failure. */
class S3Failure extends Error {
  readonly mayPass: boolean
  constructor(reason: string, mayPass: boolean, cause?: unknown) {
    super(reason, { cause })
    this.mayPass = mayPass
  }
}

interface Ask {
  readonly method: "GET" | "PUT" | "DELETE"
  readonly key: string
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array<ArrayBuffer>
  /** Answers beside those that are good. */
  readonly expected: ReadonlyArray<number>
}

const addressOf = ({ bucket, endpoint, pathStyle }: Settings): string => {
  if (pathStyle) return `${endpoint}/${bucket}`
  const url = new URL(endpoint)
  return `${url.protocol}//${bucket}.${url.host}`
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

const asker = (settings: Settings) => {
  const base = addressOf(settings)
  const client = new AwsClient({
    accessKeyId: settings.accessKeyId,
    secretAccessKey: Redacted.value(settings.secretAccessKey),
    region: settings.region,
    service: "s3",
    retries: 0
  })
  const send = async ({ body, expected, headers, key, method }: Ask, signal: AbortSignal): Promise<Response> => {
    const hash = { "x-amz-content-sha256": sha256(body ?? new Uint8Array()) }
    const response = await client.fetch(`${base}/${key}`, {
      method,
      signal,
      headers: { ...headers, ...hash },
      ...(body === undefined ? {} : { body })
    })
    if (response.ok || expected.includes(response.status)) return response
    const said = (await response.text()).slice(0, reasonMax)
    throw new S3Failure(`${method} was answered with ${response.status}: ${said}`, response.status >= 500 || response.status === 429)
  }
  return (operation: string, ask: Ask): Effect.Effect<Response, StoreError> =>
    Effect.tryPromise({
      try: (signal) => send(ask, signal),
      catch: (cause) => cause instanceof S3Failure ? cause : new S3Failure("the object store did not answer", true, cause)
    }).pipe(
      Effect.timeoutOrElse({
        duration: attemptMillisMax,
        orElse: () => Effect.fail(new S3Failure("the object store took too long", true))
      }),
      Effect.retry({ while: (failure) => failure.mayPass, times: retriesMax, schedule: backoff }),
      Effect.timeoutOrElse({
        duration: operationMillisMax,
        orElse: () => Effect.fail(new S3Failure("the object store took too long", false))
      }),
      Effect.mapError((cause) => new StoreError({ operation, cause }))
    )
}

/** The bytes of an answer that nobody wants are not left on the connection. */
const discard = (response: Response) => Effect.promise(() => response.body?.cancel() ?? Promise.resolve())

const objectOf = (response: Response): MediaObject => {
  const length = Number(response.headers.get("content-length"))
  const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.map(Number) ??
    [0, 0, length - 1, length]
  const bytes = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body)
  return { total: total!, start: start!, end: end!, bytes }
}

const rangeHeader = ({ end, start }: ByteRange) => ({ range: `bytes=${start}-${end ?? ""}` })

const demand = (key: string): string => {
  if (!Media.isKey(key)) throw new Error("not the key of an object")
  return key
}

export const layer = (settings: Settings): Layer.Layer<MediaStore> => {
  const ask = asker(settings)
  const get = (key: string, range?: ByteRange): Effect.Effect<MediaObject | undefined, StoreError> => {
    const request: Ask = { method: "GET", key, expected: [404, 416], ...(range === undefined ? {} : { headers: rangeHeader(range) }) }
    return Effect.flatMap(ask("MediaStore.get", request), (response) => {
      if (response.status === 404) return Effect.as(discard(response), undefined)
      if (response.status === 416) return Effect.andThen(discard(response), get(key))
      return Effect.succeed(objectOf(response))
    })
  }
  const put = (key: string, bytes: Uint8Array) =>
    ask("MediaStore.put", {
      method: "PUT",
      key: demand(key),
      body: new Uint8Array(bytes),
      // For a CDN that asks the bucket itself.
      headers: { "content-type": Media.typeOf(key), "cache-control": Media.cacheControl },
      expected: []
    })
  const remove = (key: string) => ask("MediaStore.remove", { method: "DELETE", key: demand(key), expected: [404] })
  return Layer.succeed(MediaStore, {
    put: (key, bytes) => Effect.flatMap(Effect.suspend(() => put(key, bytes)), discard),
    get: (key, range) => Media.isKey(key) ? get(key, range) : Effect.succeed(undefined),
    remove: (keys) =>
      Effect.forEach(keys, (key) => Effect.flatMap(Effect.suspend(() => remove(key)), discard), {
        concurrency: removalsAtOnce,
        discard: true
      })
  })
}
