/**
 * A map from ids to numbers in one typed array. In a `Map` of bigints a look-up follows a bucket, an entry and the key's object,
 * each out of the processor's caches, and the garbage collector marks all of them; here it has nothing to look at.
 *
 * Open addressing with linear probing, and deletion that leaves no marks: Knuth, The Art of Computer Programming,
 * volume 3, section 6.4, algorithms L and R.
 */
import * as Snowflake from "./Snowflake.ts"

export interface IdIndex {
  /** The number under an id; -1 when there is none. */
  readonly get: (id: bigint) => number
  /** `value` is a whole number of 0…{@link valueMax}. */
  readonly set: (id: bigint, value: number) => void
  readonly delete: (id: bigint) => void
  /** Gives the memory back too. */
  readonly clear: () => void
  readonly size: () => number
}

export const valueMax = 0x7fff_fffe

/** A place is `low | high | value + 1`, side by side, so that a look-up seldom needs a second cache line; all 0 when nobody stands in it. */
const placeWords = 3

/** Places are a power of two and double before they are more than half full: 24 to 48 bytes for each id of the most there ever were. */
const placesMin = 16

/** The finalizer of MurmurHash3 (Appleby, 2011) over both words: ids of one machine differ in few bits, and not in the lowest. */
export const hash = (lo: number, hi: number): number => {
  let mixed = lo ^ Math.imul(hi, 0x9e37_79b1)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
  return mixed ^ (mixed >>> 16)
}

/** Bounded by whoever sets ids: it never lets go of one by itself. */
export const make = (): IdIndex => {
  let words = new Int32Array(placesMin * placeWords)
  let mask = placesMin - 1
  let size = 0

  /** Where the place begins in which an id stands, or else the free one that its probing ends at. */
  const find = (lo: number, hi: number): number => {
    let place = hash(lo, hi) & mask
    for (;;) {
      const at = place * placeWords
      if (words[at + 2] === 0 || (words[at] === lo && words[at + 1] === hi)) return at
      place = (place + 1) & mask
    }
  }
  const fill = (at: number, lo: number, hi: number, stored: number): void => {
    words[at] = lo
    words[at + 1] = hi
    words[at + 2] = stored
  }
  const resize = (places: number): void => {
    const old = words
    words = new Int32Array(places * placeWords)
    mask = places - 1
    for (let at = 0; at < old.length; at += placeWords) {
      const lo = old[at]!
      const hi = old[at + 1]!
      if (old[at + 2] !== 0) fill(find(lo, hi), lo, hi, old[at + 2]!)
    }
  }
  /** Moves back whoever would not be found past the hole; theirs is the next. */
  const close = (gap: number): void => {
    let hole = gap
    for (let place = (gap + 1) & mask; words[place * placeWords + 2] !== 0; place = (place + 1) & mask) {
      const at = place * placeWords
      const home = hash(words[at]!, words[at + 1]!) & mask
      if (((place - home) & mask) < ((place - hole) & mask)) continue
      fill(hole * placeWords, words[at]!, words[at + 1]!, words[at + 2]!)
      hole = place
    }
    fill(hole * placeWords, 0, 0, 0)
  }

  return {
    get: (id) => words[find(Snowflake.low(id) | 0, Snowflake.high(id) | 0) + 2]! - 1,
    set: (id, value) => {
      const lo = Snowflake.low(id) | 0
      const hi = Snowflake.high(id) | 0
      let at = find(lo, hi)
      if (words[at + 2] === 0) {
        if (size * 2 > mask) {
          resize((mask + 1) * 2)
          at = find(lo, hi)
        }
        size++
      }
      fill(at, lo, hi, value + 1)
    },
    delete: (id) => {
      const at = find(Snowflake.low(id) | 0, Snowflake.high(id) | 0)
      if (words[at + 2] === 0) return
      size--
      close(at / placeWords)
    },
    clear: () => {
      words = new Int32Array(placesMin * placeWords)
      mask = placesMin - 1
      size = 0
    },
    size: () => size
  }
}
