/**
 * Where a reader of `/api/x/stream` is: the position up to which everything was looked at, and what of it is owed still, since its content is with
 * another datacenter that could not be asked. The reader keeps both as one text, so that any front can go on.
 */
import { type ArrivalKind, arrivalKinds, type Position } from "@rookery/store/ArrivalStore"

export interface Owed {
  readonly kind: ArrivalKind
  /** Of the post, or of the notification. */
  readonly id: bigint
}

export interface Cursor {
  readonly position: Position
  /** At most {@link owedMax}, oldest first. */
  readonly owed: ReadonlyArray<Owed>
}

/** What comes beyond so many waits for them: the text has to fit into a header. */
export const owedMax = 128

const kinds: ReadonlyArray<number> = Object.values(arrivalKinds)

export const encode = ({ owed, position: { id, kind, millis, transaction } }: Cursor): string =>
  `${transaction}-${kind}-${id}-${millis}${owed.map((one) => `.${one.kind}-${one.id}`).join("")}`

const pattern = /^([0-9]{1,18})-([0-9])-([0-9]{1,19})-([0-9]{1,15})((?:\.[0-9]-[0-9]{1,19})*)$/

const owedOf = (text: string): Owed => {
  const [kind, id] = text.split("-")
  return { kind: Number(kind) as ArrivalKind, id: BigInt(id!) }
}

/** Undefined for what {@link encode} never made. */
export const decode = (text: string): Cursor | undefined => {
  const parts = pattern.exec(text)
  if (parts === null) return undefined
  const owed = parts[5]!.split(".").slice(1).map(owedOf)
  if (owed.length > owedMax || owed.some(({ kind }) => !kinds.includes(kind))) return undefined
  const position = { transaction: BigInt(parts[1]!), kind: Number(parts[2]), id: BigInt(parts[3]!), millis: Number(parts[4]) }
  return { position, owed }
}
