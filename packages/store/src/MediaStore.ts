/** The port to where the bytes of pictures are kept. Objects are written once, under keys of ours (domain/Media.ts), and never changed. */
import { Context, type Effect } from "effect"
import type { Readable } from "node:stream"
import type { StoreError } from "./StoreError.ts"

/** Bytes `start` to `end`, both included, of an object of `total` bytes. */
export interface MediaObject {
  readonly total: number
  readonly start: number
  readonly end: number
  /** To be read or destroyed by whoever asked. */
  readonly bytes: Readable
}

/** From `start` on, or to `end` (included) at most. */
export interface ByteRange {
  readonly start: number
  readonly end?: number
}

export class MediaStore extends Context.Service<MediaStore, {
  /** Stores an object whole, or not at all. Its content type follows from the key. */
  readonly put: (key: string, bytes: Uint8Array) => Effect.Effect<void, StoreError>
  /** Undefined when there is none. A range that begins beyond the end is answered with all of it. */
  readonly get: (key: string, range?: ByteRange) => Effect.Effect<MediaObject | undefined, StoreError>
  /** What is not there is as good as removed. */
  readonly remove: (keys: ReadonlyArray<string>) => Effect.Effect<void, StoreError>
}>()("rookery/store/MediaStore") {}
