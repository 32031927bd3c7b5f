/**
 * Which ids were asked for lately, in a few MB however many there are. Two that share a place drive each other out, so that one
 * of them may seem cold; to seem hot by chance they must share twelve more bits of their hashes.
 */
import * as IdIndex from "@rookery/domain/IdIndex"
import * as Snowflake from "@rookery/domain/Snowflake"

export interface Heat {
  /** Notes that it is asked for now; answers whether it was too less than {@link hotMillis} ago. `now` is in milliseconds, from 0. */
  readonly ask: (id: bigint, now: number) => boolean
  /** What the last `ask` answered; false when the place is another's since. */
  readonly was: (id: bigint) => boolean
}

export const hotMillis = 10_000

/** Far above what is asked for in that time: 2 MB. */
const places = 1 << 19

/** A place is `tenths of a second | hot | tag`, of 19, 1 and 12 bits: times come again after 14 hours. */
const tagMask = 0xfff
const hotBit = 1 << 12
const tenthShift = 13
const tenthMask = 0x7_ffff
const tenthMillis = 100

const hashOf = (id: bigint): number => IdIndex.hash(Snowflake.low(id), Snowflake.high(id))
const placeOf = (hash: number): number => hash & (places - 1)
/** Of bits that the place does not name. */
const tagOf = (hash: number): number => hash >>> 20

export const make = (): Heat => {
  const words = new Uint32Array(places)
  return {
    ask: (id, now) => {
      const hash = hashOf(id)
      const place = placeOf(hash)
      const word = words[place]!
      const tenth = Math.floor(now / tenthMillis) & tenthMask
      const age = (tenth - (word >>> tenthShift)) & tenthMask
      const isHot = word !== 0 && (word & tagMask) === tagOf(hash) && age < hotMillis / tenthMillis
      words[place] = (tenth << tenthShift) | (isHot ? hotBit : 0) | tagOf(hash)
      return isHot
    },
    was: (id) => {
      const hash = hashOf(id)
      const word = words[placeOf(hash)]!
      return (word & tagMask) === tagOf(hash) && (word & hotBit) !== 0
    }
  }
}
