/** Windows as one packed value each: a row per entry, or an object, would cost more than finding it. */
import * as EntryBytes from "@rookery/domain/EntryBytes"
import { modes } from "@rookery/domain/FanoutMode"
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
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
  /** As `EntryBytes`, one more than the window may hold. */
  readonly entries: Uint8Array | null
  /** Below this id some author's posts were cut off; null when none were. */
  readonly floor: bigint | null
}

const nothing = new Uint8Array(0)
/** Shared by all who hide nobody, since it is kept with the window. */
const nobody = new Uint32Array(0)

/** The numbers, and `more` of them to be set. */
const numbersOf = (packed: Uint8Array, more: number): Uint32Array => {
  const count = packed.byteLength / 4
  const numbers = new Uint32Array(count + more)
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  for (let i = 0; i < count; i++) numbers[i] = view.getUint32(i * 4)
  return numbers
}

const followeesOf = (packed: Uint8Array, readerNo: number): Uint32Array => {
  const followees = numbersOf(packed, 1)
  followees[followees.length - 1] = readerNo
  return followees.sort()
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
  const found = row.entries ?? nothing
  const entries = EntryBytes.above(found, cut, entriesMax)
  const isFull = EntryBytes.countOf(found) > entriesMax && EntryBytes.countOf(entries) === entriesMax
  return {
    reader: row.reader,
    readerNo: row.readerNo,
    followVersion: Number(row.followVersion),
    followees: followeesOf(row.followees ?? nothing, row.readerNo),
    hidden: row.hidden === null ? nobody : numbersOf(row.hidden, 0),
    hiddenMillis: row.hiddenMillis,
    entries,
    floor: isFull ? EntryBytes.idAt(entries, entriesMax - 1) : cut,
    modes: (row.modes ?? []).map(modeOf)
  }
}
