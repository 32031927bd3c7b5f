/**
 * Entries as they travel between windows and what is kept of them: newest first, 12 bytes each, the id in 8 and the author's
 * number in 4, big-endian, so that the order of bytes is the order of ids. Nothing here makes an object for an entry:
 * a window has hundreds, and windows come and go by the thousand.
 */
import type { Entry } from "./TimelinePage.ts"
import * as Window from "./TimelineWindow.ts"

export const entryBytes = 12

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const countOf = (bytes: Uint8Array): number => bytes.byteLength / entryBytes

/** The id of the entry in place `index`, 0 being the newest. */
export const idAt = (bytes: Uint8Array, index: number): bigint => viewOf(bytes).getBigUint64(index * entryBytes)

/** The newest `most` of them that are not below `floor`; shares memory. */
export const above = (bytes: Uint8Array, floor: bigint, most: number): Uint8Array => {
  const view = viewOf(bytes)
  const floorHi = Number(floor >> 32n)
  const floorLo = Number(floor & 0xffff_ffffn)
  const end = Math.min(bytes.byteLength, most * entryBytes)
  let at = 0
  for (; at < end; at += entryBytes) {
    const hi = view.getUint32(at)
    if (hi < floorHi || (hi === floorHi && view.getUint32(at + 4) < floorLo)) break
  }
  return bytes.subarray(0, at)
}

/** What a window holds. */
export const pack = (window: Window.TimelineWindow): Uint8Array => {
  const bytes = new Uint8Array(window.length * entryBytes)
  const view = viewOf(bytes)
  for (let rank = window.length - 1, at = 0; rank >= 0; rank--, at += entryBytes) {
    view.setUint32(at, Window.hiAt(window, rank))
    view.setUint32(at + 4, Window.loAt(window, rank))
    view.setUint32(at + 8, Window.authorAt(window, rank))
  }
  return bytes
}

/** Puts each entry at its place in the window, oldest first: those that are newer than all it holds go to its end at once. */
export const insertInto = (window: Window.TimelineWindow, bytes: Uint8Array): void => {
  const view = viewOf(bytes)
  for (let at = bytes.byteLength - entryBytes; at >= 0; at -= entryBytes) {
    Window.insert(window, view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8))
  }
}

/** From entries that are newest first. For the few; windows are packed by `pack`. */
export const of = (entries: ReadonlyArray<Entry>): Uint8Array => {
  const bytes = new Uint8Array(entries.length * entryBytes)
  const view = viewOf(bytes)
  entries.forEach(({ authorNo, id }, i) => {
    view.setBigUint64(i * entryBytes, id)
    view.setUint32(i * entryBytes + 8, authorNo)
  })
  return bytes
}

/** As an object each, for those who look at few of them. */
export const entriesOf = (bytes: Uint8Array): Array<Entry> => {
  const view = viewOf(bytes)
  return Array.from({ length: countOf(bytes) }, (_, i) => ({
    id: view.getBigUint64(i * entryBytes),
    authorNo: view.getUint32(i * entryBytes + 8)
  }))
}
