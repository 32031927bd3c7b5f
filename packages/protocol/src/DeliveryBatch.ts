/**
 * What fan-out tells one timeline shard, many posts in one message. A record is
 * `kind | lo | hi | author | epoch | count | count × reader`, all 32-bit words.
 */
import * as Words from "./Words.ts"

/** `push`: write the readers' windows. `refresh`: the author is pulled, take the id into the ring. `remove`: the post was deleted. `edit`: it changed, which only those who look on are told. */
export const kinds = { push: 1, refresh: 2, remove: 3, edit: 4 } as const
export type Kind = (typeof kinds)[keyof typeof kinds]

/** What a record says besides its readers; the same for every shard. */
export interface RecordHeader {
  readonly kind: Kind
  readonly lo: number
  readonly hi: number
  readonly authorNo: number
  /** Epoch of the author's mode when the post was fanned out. */
  readonly epoch: number
}

/**
 * A record as it stands in a message: its readers are `words[from…to)`, by local number; none for all but `push`.
 * One view is moved from record to record, so whoever keeps something of it copies it.
 */
export interface RecordView extends RecordHeader {
  readonly words: Uint32Array
  readonly from: number
  readonly to: number
}

const headerWords = 6

/** Bytes of one message at most; a lane cuts its batches here, so a frame stays far below the transport's limit. */
export const batchBytesMax = 512 * 1024

/** Bytes that a record with so many readers takes. */
export const bytesOf = (readers: number): number => (headerWords + readers) * 4

/** Appends a record for the readers `numbers[from…to)`. */
export const append = (
  out: Words.WordWriter,
  header: RecordHeader,
  numbers: Uint32Array,
  from: number,
  to: number
): void => {
  Words.reserve(out, headerWords + to - from)
  const { words } = out
  let at = out.length
  words[at++] = header.kind
  words[at++] = header.lo
  words[at++] = header.hi
  words[at++] = header.authorNo
  words[at++] = header.epoch
  words[at++] = to - from
  for (let i = from; i < to; i++) words[at++] = numbers[i]!
  out.length = at
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

/** Where the record at `at` ends. Throws `RangeError` when it is broken. */
const endOf = (words: Uint32Array, at: number): number => {
  const end = at + headerWords + (words[at + 5] ?? Number.POSITIVE_INFINITY)
  if (words[at]! < 1 || words[at]! > 4 || end > words.length) throw new RangeError("broken delivery batch")
  return end
}

const moveTo = (view: Mutable<RecordView>, at: number, end: number): void => {
  const { words } = view
  view.kind = words[at]! as Kind
  view.lo = words[at + 1]!
  view.hi = words[at + 2]!
  view.authorNo = words[at + 3]!
  view.epoch = words[at + 4]!
  view.from = at + headerWords
  view.to = end
}

/** Sees groups of records before they are visited: each record, and then the end of the group, which is where there are so many readers. */
export interface Ahead {
  readonly readersMax: number
  readonly visit: (record: RecordView) => void
  readonly end: () => void
}

/** Where the group that begins at `at` ends. */
const lookAhead = (view: Mutable<RecordView>, at: number, { end, readersMax, visit }: Ahead): number => {
  let readers = 0
  while (at < view.words.length && readers < readersMax) {
    moveTo(view, at, endOf(view.words, at))
    visit(view)
    readers += view.to - view.from
    at = view.to
  }
  end()
  return at
}

/** Calls `visit` for each record. Throws `RangeError` on a broken message, before any visit of the broken record. */
export const decode = (batch: Uint8Array, visit: (record: RecordView) => void, ahead?: Ahead): void => {
  const words = Words.words(batch)
  const view: Mutable<RecordView> = { kind: kinds.push, lo: 0, hi: 0, authorNo: 0, epoch: 0, words, from: 0, to: 0 }
  let at = 0
  while (at < words.length) {
    const groupEnd = ahead === undefined ? words.length : lookAhead(view, at, ahead)
    while (at < groupEnd) {
      moveTo(view, at, endOf(words, at))
      visit(view)
      at = view.to
    }
  }
}
