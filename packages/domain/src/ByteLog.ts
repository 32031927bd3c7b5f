/**
 * A map from ids to bytes, bounded by bytes: what was put first goes first, many at a time. Entries stand one behind the other in
 * segments that the garbage collector never looks into, so that it costs nothing to keep very many; none is ever moved.
 * (A log of segments as in log-structured stores: Rosenblum and Ousterhout, 1992; here without cleaning.)
 */
import * as IdIndex from "./IdIndex.ts"

export interface ByteLog {
  /** What is under a key; undefined when there is nothing, or when its `until` has come. */
  readonly get: (key: bigint, now: number) => Kept | undefined
  /** Replaces what was there. `until` is of the clock that `get` is asked by, in milliseconds. False, and nothing kept, when it is too large. */
  readonly put: (key: bigint, bytes: Uint8Array, until: number) => boolean
  readonly delete: (key: bigint) => void
  readonly clear: () => void
  readonly size: () => number
  /** Bytes that the segments take. */
  readonly bytes: () => number
}

/** Bytes where they stand among others, good until the next `put`: nothing is made for them. */
export interface Stretch {
  readonly bytes: Buffer
  /** Of the same memory as `bytes`. */
  readonly view: DataView
  readonly start: number
  readonly end: number
}

export interface Kept extends Stretch {
  readonly until: number
}

/** `length | until in seconds, rounded down | key`, of 32, 32 and 64 bits, and the bytes. */
const headerBytes = 16
const segmentBits = 20
const segmentBytesMax = 1 << segmentBits

interface Segment {
  readonly bytes: Buffer
  readonly view: DataView
  used: number
}

/** What the index holds: the segment's number above the place in it. */
const placeOf = (number: number, at: number): number => (number << segmentBits) | at
const numberOf = (place: number): number => place >>> segmentBits
const offsetOf = (place: number): number => place & (segmentBytesMax - 1)

/** Of which every place is one that the index can hold: 2 GiB. */
const segmentsMost = numberOf(IdIndex.valueMax)

const makeSegment = (size: number): Segment => {
  const bytes = Buffer.alloc(size)
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, size), used: 0 }
}

/** Holds `bytesMax` at most (and 2 GiB), index aside, in four segments at least; what is larger than one is not kept. */
export const make = (bytesMax: number): ByteLog => {
  const segmentBytes = Math.min(segmentBytesMax, Math.floor(bytesMax / 4))
  const segmentsMax = segmentBytes === 0 ? 0 : Math.min(segmentsMost, Math.floor(bytesMax / segmentBytes))
  const places = IdIndex.make()
  /** A ring once it is full: the next after the newest is the oldest. */
  const segments: Array<Segment> = []
  let newest = -1

  /** Entries that were put again since stand elsewhere, and stay. */
  const forget = (number: number, { used, view }: Segment): void => {
    for (let at = 0; at < used; at += headerBytes + view.getUint32(at)) {
      const key = view.getBigUint64(at + 8)
      if (places.get(key) === placeOf(number, at)) places.delete(key)
    }
  }
  /** When there may be no more of them the oldest one's memory is used again. */
  const nextSegment = (): Segment => {
    newest = (newest + 1) % segmentsMax
    const oldest = segments[newest]
    if (oldest === undefined) return segments[newest] = makeSegment(segmentBytes)
    forget(newest, oldest)
    oldest.used = 0
    return oldest
  }

  return {
    get: (key, now) => {
      const place = places.get(key)
      if (place === -1) return undefined
      const { bytes, view } = segments[numberOf(place)]!
      const at = offsetOf(place)
      const until = view.getUint32(at + 4) * 1_000
      if (until <= now) return undefined
      const start = at + headerBytes
      return { bytes, view, start, end: start + view.getUint32(at), until }
    },
    put: (key, bytes, until) => {
      places.delete(key)
      const needed = headerBytes + bytes.length
      if (needed > segmentBytes) return false
      let segment = segments[newest]
      if (segment === undefined || segment.used + needed > segmentBytes) segment = nextSegment()
      const at = segment.used
      segment.view.setUint32(at, bytes.length)
      segment.view.setUint32(at + 4, Math.max(0, Math.floor(until / 1_000)))
      segment.view.setBigUint64(at + 8, key)
      segment.bytes.set(bytes, at + headerBytes)
      segment.used += needed
      places.set(key, placeOf(newest, at))
      return true
    },
    delete: places.delete,
    clear: () => {
      places.clear()
      segments.length = 0
      newest = -1
    },
    size: places.size,
    bytes: () => segments.length * segmentBytes
  }
}
