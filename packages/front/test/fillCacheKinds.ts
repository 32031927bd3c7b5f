/** The ways in which a FillCache finds its keys. */
import * as Slots from "@rookery/domain/Slots"

export type Row = string

/** The tests' numbers as ids. */
const ofNumberedIds = (): Slots.Slots<number> => {
  const slots = Slots.ofIds()
  return { ...slots, get: (key) => slots.get(BigInt(key)), take: (key) => slots.take(BigInt(key)) }
}

export const kinds = [{ kind: "any", slots: Slots.ofAny<number> }, { kind: "ids", slots: ofNumberedIds }]
