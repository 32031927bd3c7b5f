/** Yes and no as the bits of one byte, the first in the lowest. */
import * as Bytes from "./ByteCodec.ts"

export const flagsOf = (...bits: ReadonlyArray<boolean>): number =>
  bits.reduce((flags, bit, i) => bit ? flags | (1 << i) : flags, 0)

/** As many flags as asked for; a bit beyond them is of a sender that says more than this receiver knows. */
export const takeFlags = (from: Bytes.ByteReader, count: number): ReadonlyArray<boolean> => {
  const flags = Bytes.takeByte(from)
  if (flags >= 1 << count) throw new RangeError("unknown flags")
  return Array.from({ length: count }, (_, i) => (flags & (1 << i)) !== 0)
}
