/**
 * Multipart bodies with files. They are parsed as they come, and only the files that a route asks for are kept, each up to
 * a limit, all that are under way together up to another: however many send at once, the memory that they take is bounded.
 */
import { Busboy, type BusboyInstance } from "@fastify/busboy"
import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import { refusalOf } from "./Body.ts"
import { ApiError, badRequest } from "./Errors.ts"
import * as Fields from "./Fields.ts"

/** The names of the files that a route takes; others are thrown away as they come. */
export type FileNames = ReadonlyArray<string>

export interface Uploaded {
  readonly fields: Fields.Fields
  readonly files: ReadonlyMap<string, Buffer>
}

export interface UploadLimits {
  readonly fileBytesMax: number
  /** Of all fields beside the files, and of what stands around all of them. */
  readonly fieldBytesMax: number
  /** Of files that are being read or worked on, all requests together. */
  readonly bufferedBytesMax: number
}

export interface Uploads {
  /** Reads the body, and holds its files' place in memory until `use` has ended. `sender` is whoever sends it. */
  readonly read: <A, E>(
    request: IncomingMessage,
    names: FileNames,
    sender: bigint | undefined,
    use: (uploaded: Uploaded) => Effect.Effect<A, E>
  ) => Effect.Effect<A, E | ApiError>
}

const fieldsMax = 100
/** Files that one person sends at once, at most: nobody fills the memory for all. */
const perSenderMax = 6
/** Seconds until it is worth sending a file again. */
const retryAfter = 5

const tooLarge = new ApiError({ status: 413, error: "The file is too large", close: true })
const full = new ApiError({ status: 503, error: "Too many uploads at once, try again shortly", retryAfter, close: true })
const malformed = badRequest("The multipart body is malformed")

export const isMultipart = (request: IncomingMessage): boolean =>
  /^multipart\/form-data *;/i.test(request.headers["content-type"] ?? "")

/** What one request holds of the memory for all, until it is over. */
interface Share {
  bytes: number
  isOver: boolean
}

interface Parts {
  readonly entries: Array<readonly [string, string]>
  readonly files: Map<string, Buffer>
}

const parserOf = (request: IncomingMessage, limits: UploadLimits): BusboyInstance | undefined => {
  try {
    return new Busboy({
      headers: request.headers as { readonly "content-type": string },
      limits: { fileSize: limits.fileBytesMax, fieldSize: limits.fieldBytesMax, fields: fieldsMax, parts: 2 * fieldsMax, headerPairs: 32 }
    })
  } catch {
    return undefined
  }
}

export const make = (limits: UploadLimits): Uploads => {
  let buffered = 0
  const sending = new Map<bigint, number>()
  const bodyBytesMax = (names: FileNames) => names.length * limits.fileBytesMax + limits.fieldBytesMax

  /** Collects the files that are asked for; the first of two of one name counts. */
  const collect = (parser: BusboyInstance, names: FileNames, share: Share, parts: Parts, fail: (error: ApiError) => void): void => {
    parser.on("file", (name, stream) => {
      // A parser that is stopped ends its files with an error of their own.
      stream.on("error", () => fail(malformed))
      if (!names.includes(name) || parts.files.has(name)) return void stream.resume()
      const chunks: Array<Buffer> = []
      parts.files.set(name, Buffer.alloc(0))
      stream.on("limit", () => fail(tooLarge))
      stream.on("data", (chunk: Buffer) => {
        if (share.isOver) return
        share.bytes += chunk.length
        buffered += chunk.length
        if (buffered > limits.bufferedBytesMax) fail(full)
        else chunks.push(chunk)
      })
      stream.on("end", () => parts.files.set(name, Buffer.concat(chunks)))
    })
    parser.on("field", (name, value, _, truncated) => truncated ? fail(tooLarge) : parts.entries.push([name, value]))
  }

  const receive = (request: IncomingMessage, names: FileNames, share: Share): Effect.Effect<Uploaded, ApiError> =>
    Effect.callback((resume) => {
      if (Number(request.headers["content-length"] ?? 0) > bodyBytesMax(names)) return resume(Effect.fail(tooLarge))
      const parser = parserOf(request, limits)
      if (parser === undefined) return resume(Effect.fail(malformed))
      const parts: Parts = { entries: [], files: new Map() }
      let size = 0
      const stop = () => void request.unpipe(parser)
      const fail = (error: ApiError): void => {
        stop()
        resume(Effect.fail(error))
      }
      const count = (chunk: Buffer): void => {
        size += chunk.length
        if (size <= bodyBytesMax(names)) return
        request.off("data", count)
        fail(tooLarge)
      }
      collect(parser, names, share, parts, fail)
      parser.on("error", () => fail(malformed))
      parser.on("finish", () => resume(Effect.succeed({ fields: Fields.collect(parts.entries), files: parts.files })))
      request.on("data", count)
      request.on("error", () => fail(badRequest("The body was cut short")))
      request.pipe(parser)
      return Effect.sync(stop)
    })

  const begin = (sender: bigint) =>
    Effect.suspend(() => {
      const others = sending.get(sender) ?? 0
      if (others >= perSenderMax) return Effect.fail(full)
      sending.set(sender, others + 1)
      return Effect.succeed<Share>({ bytes: 0, isOver: false })
    })

  const end = (sender: bigint, share: Share) =>
    Effect.sync(() => {
      share.isOver = true
      buffered -= share.bytes
      const others = sending.get(sender)! - 1
      if (others === 0) sending.delete(sender)
      else sending.set(sender, others)
    })

  return {
    read: (request, names, sender = 0n, use) => {
      const refusal = refusalOf(request)
      if (refusal !== undefined) return Effect.fail(refusal)
      return Effect.acquireUseRelease(
        begin(sender),
        (share) => Effect.flatMap(receive(request, names, share), use),
        (share) => end(sender, share)
      )
    }
  }
}
