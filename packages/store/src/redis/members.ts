/** Members of the sorted sets: an id of 8 bytes, and in windows the author's number of 4, big-endian. */
import type { Entry } from "@rookery/domain/TimelinePage"

export interface Scored {
  readonly score: number
  readonly member: Buffer
}

/**
 * A score is a double: it takes the id's upper 52 bits without loss. Ids that differ below that share a score, and Redis
 * orders those by their bytes, which is the order of ids too.
 */
const scoreOf = (id: bigint): number => Number(id >> 11n)

export const ofId = (id: bigint): Scored => {
  const member = Buffer.allocUnsafe(8)
  member.writeBigUInt64BE(id)
  return { score: scoreOf(id), member }
}

export const idOf = (member: Buffer): bigint => member.readBigUInt64BE(0)

export const ofEntry = (entry: Entry): Scored => {
  const member = Buffer.allocUnsafe(12)
  member.writeBigUInt64BE(entry.id)
  member.writeUInt32BE(entry.authorNo, 8)
  return { score: scoreOf(entry.id), member }
}

export const entryOf = (member: Buffer): Entry => ({ id: idOf(member), authorNo: member.readUInt32BE(8) })
