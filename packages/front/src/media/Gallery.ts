/** Takes pictures in: checks and encodes them, so many at a time, and stores row and objects so that neither is lost. */
import type { AccountId, MediaId } from "@rookery/domain/Ids"
import * as Media from "@rookery/domain/Media"
import { type AttachmentStore, type NewMedia, type ProfilePicture, waitingMax } from "@rookery/store/AttachmentStore"
import type { IdSource } from "@rookery/store/IdSource"
import type { MediaStore } from "@rookery/store/MediaStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { type ApiError, invalid, notFound, tooMany, unavailable } from "../http/Errors.ts"
import * as HashGate from "../oauth/HashGate.ts"
import * as Picture from "./Picture.ts"

export interface Gallery {
  /** A picture for a post to come. */
  readonly add: (
    account: AccountId,
    file: Uint8Array,
    about: Pick<Media.Media, "description" | "focus">
  ) => Effect.Effect<Media.Media, ApiError | StoreError>
  /** Shows a picture on the profile. */
  readonly setPicture: (account: AccountId, which: ProfilePicture, file: Uint8Array) => Effect.Effect<void, ApiError | StoreError>
}

export interface Stores {
  readonly attachments: AttachmentStore["Service"]
  readonly objects: MediaStore["Service"]
  readonly ids: IdSource["Service"]
}

export interface GalleryLimits {
  readonly picturesAtOnce: number
  readonly picturesWaiting: number
  readonly picturePixelsMax: number
}

/** When those who have too many pictures waiting may try again: some will have gone by then. */
const patienceMillis = 3_600_000

const random = (): string => randomBytes(16).toString("hex")

export const make = ({ attachments, ids, objects }: Stores, limits: GalleryLimits): Gallery => {
  const gate = HashGate.make(limits.picturesAtOnce, limits.picturesWaiting)

  /** What is no picture is a success for the gate. A decoder that runs cannot be stopped: it keeps its place to its end. */
  const work = <A>(picture: Effect.Effect<A, Picture.NotAPicture>): Effect.Effect<A, ApiError> =>
    Effect.flatMap(gate(Effect.uninterruptible(Effect.result(picture))), (result) =>
      result._tag === "Success" ? Effect.succeed(result.success) : Effect.fail(invalid(`Validation failed: File: ${result.failure.reason}`)))

  const mintId = Effect.mapError(ids.mint, () => unavailable())

  const store = (media: NewMedia, bytes: ReadonlyArray<Uint8Array>) =>
    Effect.gen(function*() {
      const hasPlace = yield* attachments.reserve(media)
      if (!hasPlace) return yield* Effect.fail(tooMany(waitingMax, Date.now() + patienceMillis))
      yield* Effect.forEach(media.objects, (key, i) => objects.put(key, bytes[i]!), { concurrency: 2, discard: true }).pipe(
        // What was not stored does not wait for a day beside what was. Should this fail too, the sweep finds it then.
        Effect.onError(() => Effect.ignore(attachments.release(media.account, [media.id])))
      )
      // Only a sweep that took a day's pictures away could have been faster.
      if (!(yield* attachments.stored(media.id))) return yield* Effect.fail(notFound())
    })

  return {
    add: (account, file, about) =>
      Effect.gen(function*() {
        const { blurhash, extension, original, small } = yield* work(Picture.prepare(file, limits.picturePixelsMax))
        const id = (yield* mintId) as MediaId
        const stem = Media.stemOf(id, random())
        const shown: Media.Media = { id, stem, extension, original: original.size, small: small.size, blurhash, ...about }
        const keys = [Media.keyOf(stem, "original", extension), Media.keyOf(stem, "small", extension)]
        yield* store({ id, account, purpose: "post", objects: keys, shown }, [original.bytes, small.bytes])
        return shown
      }),
    setPicture: (account, which, file) =>
      Effect.gen(function*() {
        const { bytes } = yield* work(Picture.crop(file, limits.picturePixelsMax, which))
        const id = (yield* mintId) as MediaId
        const key = Media.keyOf(Media.stemOf(id, random()), which, "webp")
        yield* store({ id, account, purpose: which, objects: [key], shown: null }, [bytes])
        if (!(yield* attachments.setPicture(account, which, { id, key }))) return yield* Effect.fail(notFound())
      })
  }
}
