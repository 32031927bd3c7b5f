/**
 * JSON written piece by piece into memory that is used again, and copied once when it is whole: what is made of a post
 * thousands of times a second leaves no strings for the garbage collector. One text at a time, from `begin` to `finish`,
 * within one turn of the event loop.
 */

/** What nearly everything fits in; what does not has memory of its own for that once. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

/** Bytes that one code unit takes at most: `\u0000`. */
const unitBytesMax = 6

const quote = 0x22
const backslash = 0x5c

let out = scratch
let at = 0

/** Whatever was begun before is forgotten. */
export const begin = (): void => {
  out = scratch
  at = 0
}

const reserve = (bytes: number): void => {
  if (at + bytes <= out.length) return
  const larger = Buffer.allocUnsafeSlow(2 * (at + bytes))
  out.copy(larger, 0, 0, at)
  out = larger
}

/** A piece of JSON that is ASCII. A loop: a call of native code costs more than the few characters that there are. */
export const ascii = (json: string): void => {
  reserve(json.length)
  const bytes = out
  const start = at
  for (let i = 0; i < json.length; i++) bytes[start + i] = json.charCodeAt(i)
  at = start + json.length
}

/** Any piece of JSON. */
export const json = (text: string): void => {
  reserve(text.length * 3)
  at += out.write(text, at)
}

/** What stands between the quotes of a string, as `JSON.stringify` has it. */
export const inner = (text: string): void => {
  reserve(text.length * unitBytesMax)
  const bytes = out
  let end = at
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code >= 0x80) {
      at = end
      return json(JSON.stringify(text.slice(i)).slice(1, -1))
    }
    if (code === quote || code === backslash) bytes[end++] = backslash
    bytes[end++] = code
  }
  at = end
}

export const string = (text: string): void => {
  ascii("\"")
  inner(text)
  ascii("\"")
}

const zero = 0x30

const digits = (value: number, count: number): void => {
  reserve(count)
  let left = value
  for (let i = at + count - 1; i >= at; i--) {
    out[i] = zero + left % 10
    left = Math.floor(left / 10)
  }
  at += count
}

const dayMillis = 86_400_000

/** The day of the time that was written last, as `YYYY-MM-DDT`: most posts of a page are of one day. */
let knownDay = 0
let knownText = "1970-01-01T"

/** Whole milliseconds since 1970, before the year 10000, as `Date.toISOString` has them, which costs several times as much. */
export const instant = (millis: number): void => {
  const day = Math.floor(millis / dayMillis)
  const ofDay = millis - day * dayMillis
  if (day !== knownDay) {
    knownText = new Date(millis).toISOString().slice(0, 11)
    knownDay = day
  }
  ascii(knownText)
  digits(Math.floor(ofDay / 3_600_000), 2)
  ascii(":")
  digits(Math.floor(ofDay / 60_000) % 60, 2)
  ascii(":")
  digits(Math.floor(ofDay / 1_000) % 60, 2)
  ascii(".")
  digits(ofDay % 1_000, 3)
  ascii("Z")
}

/** All since `begin`, in bytes of their own. */
export const finish = (): Buffer => {
  const whole = Buffer.allocUnsafe(at)
  out.copy(whole, 0, 0, at)
  begin()
  return whole
}
