/**
 * Group prefetching (Chen, Ailamaki, Gibbons, Mowry: Improving Hash Join Performance through Prefetching, ICDE 2004). A delivery follows
 * a chain of pointers, and with many windows each of them misses the processor's caches: one wait after another. Loops that take one
 * step for every reader of a group have many misses under way at once, and the deliveries after them find everything near.
 *
 * Only looks.
 */
import * as Window from "@rookery/domain/TimelineWindow"
import * as Resident from "./ResidentWindow.ts"

/** Readers of a group at most: what their deliveries touch, some 600 bytes each, stays in a core's own cache. */
export const groupMax = 512

/** A record of more readers than this is a group of its own. */
export const companyMax = 64

/** One group at a time: filled and run within one turn, so all shards of the process share it. */
const residents: Array<Resident.ResidentWindow> = []
const followees: Array<Uint32Array> = []
const authors = new Uint32Array(groupMax)
let noted = 0

const nobody = new Uint32Array(1)

/** What was seen: without a use of it the compiler would leave the loads out. */
let seen = 0

/** The readers' objects. */
const objects = (): void => {
  for (let i = 0; i < noted; i++) {
    const resident = residents[i]!
    followees[i] = resident.followees ?? nobody
    seen ^= resident.dirty ? 1 : 0
  }
}

/** The objects that hang on those. */
const parts = (): void => {
  for (let i = 0; i < noted; i++) {
    const { floorHi, floorLoSigned, length, words } = residents[i]!.window
    seen ^= floorHi ^ floorLoSigned ^ length ^ words.length ^ followees[i]!.length
  }
}

/** What stands in them where the author is looked for and the post is written. */
const contents = (): void => {
  for (let i = 0; i < noted; i++) {
    const { window } = residents[i]!
    const numbers = followees[i]!
    seen ^= numbers[Resident.guess(numbers, authors[i]!)]! ^ Window.loAt(window, window.length - 1)
  }
}

/** Fetches what the noted readers' deliveries will touch; the group is empty then. */
export const run = (): void => {
  if (noted === 0) return
  objects()
  parts()
  contents()
  noted = 0
}

/** Readers `numbers[from…to)` of a shard are about to be delivered a post of that author. A full group is fetched at once. */
export const note = (byNo: ReadonlyMap<number, Resident.ResidentWindow>, authorNo: number, numbers: Uint32Array, from: number, to: number): void => {
  for (let i = from; i < to; i++) {
    const resident = byNo.get(numbers[i]!)
    if (resident === undefined) continue
    residents[noted] = resident
    authors[noted] = authorNo
    if (++noted === groupMax) run()
  }
}
