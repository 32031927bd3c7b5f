/** Pictures as the database holds them inside of rows and posts: JSON with ids as decimal strings. */
import type { MediaId } from "@rookery/domain/Ids"
import type { Media } from "@rookery/domain/Media"
import { storable } from "./statement.ts"

export type StoredMedium = Omit<Media, "id"> & { readonly id: string }
export type StoredMedia = ReadonlyArray<StoredMedium> | null

/** Numbers in `media`. */
export const purposes = { post: 0, avatar: 1, header: 2 } as const
/** `freed`: its post was deleted; another may take it. */
export const states = { pending: 0, stored: 1, doomed: 2, freed: 3 } as const

export const mediumOf = (stored: StoredMedium): Media => ({ ...stored, id: BigInt(stored.id) as MediaId })

export const mediaOf = (stored: StoredMedia): ReadonlyArray<Media> => (stored ?? []).map(mediumOf)

export const mediumText = (media: Media): string =>
  JSON.stringify({ ...media, description: storableOrNull(media.description), id: String(media.id) })

/** What is said anew of a picture, as JSON to be laid over what is there. */
export const changeText = ({ description, focus }: { readonly description?: string | null; readonly focus?: Media["focus"] }): string =>
  JSON.stringify({
    ...(description === undefined ? {} : { description: storableOrNull(description) }),
    ...(focus === undefined ? {} : { focus })
  })

const storableOrNull = (text: string | null): string | null => text === null ? null : storable(text)
