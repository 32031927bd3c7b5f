/** The bounds of the links, and what holds to them on both sides of every implementation. */
import { Effect } from "effect"
import { AskRefused, LinkError, type Parcel } from "./Links.ts"

/** Bytes. */
export const parcelBytesMax = 64 * 1_024
export const questionBytesMax = 64 * 1_024
export const answerBytesMax = 512 * 1_024

export const parcelsPerSendMax = 500
/** Of one datacenter towards one other, in one process. */
export const asksUnderWayMax = 256
/** Of one kind, in one process. */
export const answersUnderWayMax = 64
/** Messages of one datacenter that a reader has not acknowledged. */
export const inFlightMax = 1_024
export const ackMillisDefault = 5_000

const refuse = (reason: string) => Effect.fail(new LinkError({ reason, cause: undefined }))

export const checkParcels = (
  parcels: ReadonlyArray<Parcel>,
  datacenters: ReadonlyArray<string>
): Effect.Effect<void, LinkError> => {
  if (parcels.length > parcelsPerSendMax) return refuse(`${parcels.length} messages at once; ${parcelsPerSendMax} are allowed`)
  for (const { data, id, to } of parcels) {
    if (!/^[\w-]{1,100}$/.test(id)) return refuse(`${JSON.stringify(id)} is no message id`)
    if (data.length > parcelBytesMax) return refuse(`a message of ${data.length} bytes; ${parcelBytesMax} are allowed`)
    if (to._tag === "One" && !datacenters.includes(to.datacenter)) return refuse(`there is no other datacenter ${to.datacenter}`)
  }
  return Effect.void
}

const isKind = (kind: string): boolean => /^[a-z][a-z0-9-]{0,31}$/.test(kind)

export const checkQuestion = (
  datacenter: string,
  kind: string,
  data: Uint8Array,
  datacenters: ReadonlyArray<string>
): Effect.Effect<void, AskRefused> => {
  const no = (reason: string) => Effect.fail(new AskRefused({ datacenter, reason }))
  if (!datacenters.includes(datacenter)) return no("there is no such other datacenter")
  if (!isKind(kind)) return no(`${JSON.stringify(kind)} is no kind of question`)
  return data.length > questionBytesMax ? no(`a question of ${data.length} bytes; ${questionBytesMax} are allowed`) : Effect.void
}

export const checkKind = (kind: string): Effect.Effect<void, LinkError> =>
  isKind(kind) ? Effect.void : refuse(`${JSON.stringify(kind)} is no kind of question`)

/** A stream of somebody who is not there is a mistake of the caller's. */
export const noSuchOrigin = (origin: string): RangeError => new RangeError(`there is no other datacenter ${origin}`)
