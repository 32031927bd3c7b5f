/**
 * 64-bit ids: 42 bits of milliseconds since 2025-01-01, 10 bits of machine, 12 bits of sequence
 * (the layout of `effect/cluster`'s Snowflake, after Twitter's of 2010).
 *
 * An id is a `bigint` wherever it is looked at, a decimal string for clients, and a pair of
 * 32-bit words where there are millions of them.
 */

/** 2025-01-01T00:00:00Z, in milliseconds since 1970. */
export const epochMillis = 1_735_689_600_000

/** Machines are numbered 0…1023; sequences within a millisecond 0…4095. */
export const machineMax = 1023
export const sequenceMax = 4095

/** The largest id that Postgres' signed `bigint` holds; the layout stays below it until 2094. */
export const idMax = 0x7fff_ffff_ffff_ffffn

const machineShift = 12n
const timeShift = 22n

/** Composes an id; `millis` is since 1970. */
export const make = (millis: number, machine: number, sequence: number): bigint =>
  (BigInt(millis - epochMillis) << timeShift) | (BigInt(machine) << machineShift) | BigInt(sequence)

/** Milliseconds since 1970 at which `id` was minted. */
export const millisOf = (id: bigint): number => Number(id >> timeShift) + epochMillis

export const machineOf = (id: bigint): number => Number((id >> machineShift) & 1023n)

export const sequenceOf = (id: bigint): number => Number(id & 4095n)

/** The lowest id that any machine can mint at `millis` since 1970; 0 for times before the epoch. */
export const floorAt = (millis: number): bigint =>
  millis <= epochMillis ? 0n : BigInt(Math.floor(millis) - epochMillis) << timeShift

/** The id in a decimal string from a client, or undefined when it is none: digits only, 1…2^63-1. */
export const parse = (text: string): bigint | undefined => {
  if (!/^[0-9]{1,19}$/.test(text)) return undefined
  const id = BigInt(text)
  return id > 0n && id <= idMax ? id : undefined
}

/** An id is written here and its words are read back: shifts and masks of a `bigint` each make another, on the heap. */
const written = new BigUint64Array(1)
const words = new Uint32Array(written.buffer)
/** 0 or 1, as the machine orders bytes. */
written[0] = 1n
const highAt = words[0]!
const lowAt = 1 - highAt

/** The upper 32 bits. */
export const high = (id: bigint): number => {
  written[0] = id
  return words[highAt]!
}

/** The lower 32 bits. */
export const low = (id: bigint): number => {
  written[0] = id
  return words[lowAt]!
}

export const fromWords = (hi: number, lo: number): bigint => (BigInt(hi) << 32n) | BigInt(lo)
