/** The receiving side of the numbers: sees whether a sender's messages came without a gap. */

/** Senders remembered at most; the one unheard for longest is forgotten, and counts as a gap when it is heard again. */
export const sendersMax = 10_000

export interface SenderNumbers {
  /** Last number by sender; the order is that of being heard. */
  readonly last: Map<bigint, number>
}

export const make = (): SenderNumbers => ({ last: new Map() })

/**
 * Takes a sender's number. True when something may be missing before it. A sender heard for the first time must begin
 * with 1: what it said before may have been said after we subscribed.
 */
export const hasGap = (self: SenderNumbers, sender: bigint, number: number): boolean => {
  const last = self.last.get(sender) ?? 0
  self.last.delete(sender)
  self.last.set(sender, number)
  if (self.last.size > sendersMax) self.last.delete(self.last.keys().next().value!)
  return number !== last + 1
}
