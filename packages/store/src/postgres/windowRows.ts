/** Windows as one packed value each: a row per entry would cost more than finding it. */
import { modes } from "@rookery/domain/FanoutMode"
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
import type { Entry } from "@rookery/domain/TimelinePage"
import type { ModeRow } from "../AuthorStore.ts"
import type { WindowRows } from "../TimelineStore.ts"

export interface PackedWindow {
  readonly reader: AccountId
  readonly readerNo: LocalNo
  readonly followVersion: bigint
  /** 32-bit numbers, ascending; null without followees. */
  readonly followees: Uint8Array | null
  /** As `followees`. */
  readonly hidden: Uint8Array | null
  readonly hiddenMillis: number | null
  readonly modes: ReadonlyArray<readonly [author: string, no: number, mode: number, epoch: number]> | null
  /** A 64-bit id and a 32-bit number each, newest first, one more than the window may hold. */
  readonly entries: Uint8Array | null
  /** Below this id some author's posts were cut off; null when none were. */
  readonly floor: bigint | null
}

const entryBytes = 12

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The numbers, and `more` of them to be set. */
const numbersOf = (packed: Uint8Array | null, more: number): Uint32Array => {
  const count = packed === null ? 0 : packed.byteLength / 4
  const numbers = new Uint32Array(count + more)
  if (packed !== null) {
    const view = viewOf(packed)
    for (let i = 0; i < count; i++) numbers[i] = view.getUint32(i * 4)
  }
  return numbers
}

const followeesOf = (packed: Uint8Array | null, readerNo: number): Uint32Array => {
  const followees = numbersOf(packed, 1)
  followees[followees.length - 1] = readerNo
  return followees.sort()
}

const entriesOf = (packed: Uint8Array | null, floor: bigint, entriesMax: number): Array<Entry> => {
  const entries: Array<Entry> = []
  if (packed === null) return entries
  const view = viewOf(packed)
  const end = Math.min(packed.byteLength, entriesMax * entryBytes)
  for (let at = 0; at < end; at += entryBytes) {
    const id = view.getBigInt64(at)
    if (id < floor) break
    entries.push({ id, authorNo: view.getUint32(at + 8) })
  }
  return entries
}

const modeOf = ([author, no, mode, epoch]: readonly [string, number, number, number]): ModeRow => ({
  author: BigInt(author) as AccountId,
  authorNo: no as LocalNo,
  mode: modes[mode]!,
  epoch
})

/** The floor is the lowest kept id when the window is full, and no lower than where an author was cut off. */
export const windowOf = (row: PackedWindow, entriesMax: number): WindowRows => {
  const cut = row.floor ?? 0n
  const entries = entriesOf(row.entries, cut, entriesMax)
  const found = row.entries === null ? 0 : row.entries.byteLength / entryBytes
  const isFull = found > entriesMax && entries.length === entriesMax
  return {
    reader: row.reader,
    readerNo: row.readerNo,
    followVersion: Number(row.followVersion),
    followees: followeesOf(row.followees, row.readerNo),
    hidden: numbersOf(row.hidden, 0),
    hiddenMillis: row.hiddenMillis,
    entries,
    floor: isFull ? entries[entries.length - 1]!.id : cut,
    modes: (row.modes ?? []).map(modeOf)
  }
}
