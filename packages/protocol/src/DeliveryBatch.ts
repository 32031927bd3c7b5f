/**
 * What fan-out tells one timeline shard, many posts in one message. A record is
 * `kind | lo | hi | author | epoch | count | count × reader`, all 32-bit words.
 */
import * as Words from "./Words.ts"

/** `push`: write the readers' windows. `refresh`: the author is pulled, take the id into the ring. `remove`: the post was deleted. `edit`: it changed, which only those who look on are told. */
export const kinds = { push: 1, refresh: 2, remove: 3, edit: 4 } as const
export type Kind = (typeof kinds)[keyof typeof kinds]

export interface DeliveryRecord {
  readonly kind: Kind
  readonly lo: number
  readonly hi: number
  readonly authorNo: number
  /** Epoch of the author's mode when the post was fanned out. */
  readonly epoch: number
  /** Readers by local number; empty for all but `push`. */
  readonly readers: Uint32Array
}

export const headerWords = 6

/** Bytes of one message at most; a lane cuts its batches here, so a frame stays far below the transport's limit. */
export const batchBytesMax = 512 * 1024

export const encode = (records: ReadonlyArray<DeliveryRecord>): Uint8Array => {
  let total = 0
  for (const record of records) total += headerWords + record.readers.length
  const out = Words.writer(total)
  for (const record of records) {
    Words.put(out, record.kind)
    Words.put(out, record.lo)
    Words.put(out, record.hi)
    Words.put(out, record.authorNo)
    Words.put(out, record.epoch)
    Words.put(out, record.readers.length)
    out.words.set(record.readers, out.length)
    out.length += record.readers.length
  }
  return Words.bytes(out)
}

/** Calls `visit` for each record; `readers` is a view into the message. Throws `RangeError` on a broken message, before any visit of the broken record. */
export const decode = (batch: Uint8Array, visit: (record: DeliveryRecord) => void): void => {
  const words = Words.words(batch)
  let at = 0
  while (at < words.length) {
    const kind = words[at]!
    const count = words[at + 5] ?? Number.POSITIVE_INFINITY
    const next = at + headerWords + count
    if (kind < 1 || kind > 4 || next > words.length) throw new RangeError("broken delivery batch")
    visit({
      kind: kind as Kind,
      lo: words[at + 1]!,
      hi: words[at + 2]!,
      authorNo: words[at + 3]!,
      epoch: words[at + 4]!,
      readers: words.subarray(at + headerWords, next)
    })
    at = next
  }
}
