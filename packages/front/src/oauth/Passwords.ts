/**
 * Passwords, hashed with Argon2id and kept as PHC strings, so that the parameters can be raised later without
 * losing the old hashes.
 */
import { Effect } from "effect"
import { argon2, randomBytes, timingSafeEqual } from "node:crypto"

/** 19 MiB, two passes, one lane: the smallest that OWASP names for Argon2id. */
const standard = { memory: 19_456, passes: 2, parallelism: 1 }
const tagBytes = 32
const saltBytes = 16

/** Parameters of a stored hash beyond these are not computed: a row is no way to make us work for minutes. */
const memoryMax = 262_144
const passesMax = 16

interface Parameters {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

const derive = (password: string, salt: Uint8Array, parameters: Parameters, length: number): Effect.Effect<Buffer> =>
  Effect.callback((resume) => {
    // Normalised, so that the same password typed on another keyboard is the same.
    const message = password.normalize("NFKC")
    argon2("argon2id", { message, nonce: salt, tagLength: length, ...parameters }, (error, key) =>
      resume(error === null ? Effect.succeed(Buffer.from(key)) : Effect.die(error)))
  })

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replaceAll("=", "")

/** The PHC string of a password, with a fresh salt. About 20 ms of one core, off the event loop. */
export const hashPassword = (password: string): Effect.Effect<string> =>
  Effect.suspend(() => {
    const salt = randomBytes(saltBytes)
    const { memory, parallelism, passes } = standard
    return Effect.map(derive(password, salt, standard, tagBytes), (key) =>
      `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encode(salt)}$${encode(key)}`)
  })

const phc = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** Whether `password` is the one of the PHC string `stored`; false for a string that is none. */
export const verifyPassword = (password: string, stored: string): Effect.Effect<boolean> => {
  const parts = phc.exec(stored)
  if (parts === null) return Effect.succeed(false)
  const parameters = { memory: Number(parts[1]), passes: Number(parts[2]), parallelism: Number(parts[3]) }
  if (parameters.memory > memoryMax || parameters.passes > passesMax) return Effect.succeed(false)
  const expected = Buffer.from(parts[5]!, "base64")
  return Effect.map(
    derive(password, Buffer.from(parts[4]!, "base64"), parameters, expected.length),
    (key) => timingSafeEqual(key, expected)
  )
}

/** As much work as a real check, for a login that does not exist: its absence must not show in the time. */
export const pretendVerify = (password: string): Effect.Effect<boolean> =>
  Effect.as(derive(password, Buffer.alloc(saltBytes), standard, tagBytes), false)
