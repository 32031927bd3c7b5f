/** The ids of a ring in bytes: 8 each, big-endian, in their order. */
import type { PostId } from "@rookery/domain/Ids"

export const idBytes = 8

export const of = (ids: ReadonlyArray<PostId>): Uint8Array => {
  const bytes = new Uint8Array(ids.length * idBytes)
  const view = new DataView(bytes.buffer)
  ids.forEach((id, i) => view.setBigUint64(i * idBytes, id))
  return bytes
}

export const idsOf = (bytes: Uint8Array): Array<PostId> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.byteLength / idBytes }, (_, i) => view.getBigUint64(i * idBytes) as PostId)
}
