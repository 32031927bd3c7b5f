/** What may be published. */
import { Effect } from "effect"
import { BusError } from "./Bus.ts"

/** Bytes of one message at most. */
export const dataBytesMax = 64 * 1_024

/** Tokens of letters, digits, `_` and `-`, joined by dots: no wildcards. */
const isSubject = (subject: string): boolean => subject.length <= 200 && /^[\w-]+(\.[\w-]+)*$/.test(subject)

const refuse = (reason: string) => Effect.fail(new BusError({ cause: new Error(reason) }))

export const checkSubject = (subject: string): Effect.Effect<void, BusError> =>
  isSubject(subject) ? Effect.void : refuse(`${JSON.stringify(subject)} is no subject`)

export const check = (subject: string, data: Uint8Array): Effect.Effect<void, BusError> =>
  data.length > dataBytesMax
    ? refuse(`a message of ${data.length} bytes; ${dataBytesMax} are allowed`)
    : checkSubject(subject)
