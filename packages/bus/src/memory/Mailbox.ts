/** What one datacenter has sent to one other and that one has not finished: taken, and taken again if it is not finished in time. */
import { Effect, Latch } from "effect"
import { inFlightMax } from "../linkBounds.ts"

export interface Item {
  readonly data: Uint8Array
  deliveries: number
  /** Until when nobody else gets it, in milliseconds; 0 while nobody has it. */
  heldUntil: number
}

export interface Mailbox {
  readonly items: Set<Item>
  readonly changed: Latch.Latch
}

export const make = (): Mailbox => ({ items: new Set(), changed: Latch.makeUnsafe() })

export const size = (mailbox: Mailbox): number => mailbox.items.size

export const wake = (mailbox: Mailbox): void => void mailbox.changed.openUnsafe()

export const put = (mailbox: Mailbox, data: Uint8Array): void => {
  mailbox.items.add({ data, deliveries: 0, heldUntil: 0 })
  wake(mailbox)
}

export const clear = (mailbox: Mailbox): void => mailbox.items.clear()

/** The oldest that nobody has; undefined when there is none, or as many are held as may be. */
export const take = (mailbox: Mailbox, now: number, holdMillis: number): Item | undefined => {
  let held = 0
  for (const item of mailbox.items) {
    if (item.heldUntil > now && ++held >= inFlightMax) return undefined
    if (item.heldUntil > now) continue
    item.heldUntil = now + holdMillis
    item.deliveries++
    return item
  }
  return undefined
}

export const finish = (mailbox: Mailbox, item: Item): void => {
  mailbox.items.delete(item)
  wake(mailbox)
}

/** Ends when something came or was finished, or when the next held item is free again; counted from this call on. */
export const awaitChange = (mailbox: Mailbox, now: number): Effect.Effect<void> => {
  mailbox.changed.closeUnsafe()
  const frees = [...mailbox.items].map(({ heldUntil }) => heldUntil).filter((until) => until > now)
  const changed = mailbox.changed.await
  return frees.length === 0 ? changed : Effect.asVoid(Effect.timeoutOption(changed, Math.min(...frees) - now))
}
