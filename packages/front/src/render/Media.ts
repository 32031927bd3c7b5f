/** Pictures as clients see them. */
import * as Media from "@rookery/domain/Media"
import type { Addresses } from "./Addresses.ts"

const detail = ({ height, width }: Media.Size) => ({ width, height, size: `${width}x${height}`, aspect: width / height })

/** Where fronts serve objects. */
export const path = "/media/:folder/:name"

/** Where an object is served; an object never changes under its address. */
export const urlOf = (key: string, { farMediaUrl, mediaUrl, publicUrl }: Addresses): string =>
  `${farMediaUrl?.(Media.idOf(key)) ?? mediaUrl ?? `${publicUrl}/media`}/${key}`

/** The `MediaAttachment` entity. What moves is an `image` too: it is no video. */
export const entity = (media: Media.Media, addresses: Addresses) => {
  const { blurhash, description, extension, focus, id, original, small, stem } = media
  return {
    id: String(id),
    type: "image",
    url: urlOf(Media.keyOf(stem, "original", extension), addresses),
    preview_url: urlOf(Media.keyOf(stem, "small", extension), addresses),
    remote_url: null,
    preview_remote_url: null,
    text_url: null,
    meta: { original: detail(original), small: detail(small), ...(focus === null ? {} : { focus }) },
    description,
    blurhash
  }
}
