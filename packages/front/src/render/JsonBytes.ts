/**
 * JSON written piece by piece into memory that is used again, and copied once when it is whole: what is made of a post
 * thousands of times a second leaves few strings to the garbage collector. One text at a time, from `begin` to `finish`,
 * within one turn of the event loop.
 */

/** What nearly everything fits in; what does not has memory of its own for that once. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

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

/** JSON that is the same every time. */
export const bytes = (json: Uint8Array): void => {
  reserve(json.length)
  out.set(json, at)
  at += json.length
}

/** JSON of a few characters, all ASCII: a call of native code costs more than this loop. */
export const ascii = (json: string): void => {
  reserve(json.length)
  for (let i = 0; i < json.length; i++) out[at + i] = json.charCodeAt(i)
  at += json.length
}

export const json = (text: string): void => {
  reserve(text.length * 3)
  at += out.write(text, at)
}

/** Up to here strings are as {@link ascii} wants them. */
const shortMax = 24

const isPlain = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false
  }
  return true
}

/** What stands between the quotes of a string. */
export const inner = (text: string): void =>
  text.length <= shortMax && isPlain(text) ? ascii(text) : json(JSON.stringify(text).slice(1, -1))

export const string = (text: string): void => {
  if (text.length > shortMax) return json(JSON.stringify(text))
  ascii("\"")
  inner(text)
  ascii("\"")
}

/**
 * All since `begin`: bytes of UTF-8, each a character. The garbage collector has one thing to look at in a string, where a buffer of
 * its own is three, and memory outside of its heap besides.
 */
export const finish = (): string => {
  const whole = out.toString("latin1", 0, at)
  begin()
  return whole
}

/** What {@link finish} made, as text. */
export const textOf = (whole: string): string => Buffer.from(whole, "latin1").toString("utf8")

const zero = 0x30
const dayMillis = 86_400_000

/** The day of the time that was written last, and its first moment: most posts of a page are of one day. */
let knownDay = 0
let midnight = Buffer.from(new Date(0).toISOString())

/** Writes so many digits of a number over what ends `before` bytes from here. */
const over = (value: number, digits: number, before: number): void => {
  let left = value
  for (let i = 1; i <= digits; i++) {
    out[at - before - i] = zero + left % 10
    left = Math.floor(left / 10)
  }
}

/** Whole milliseconds since 1970 as `Date.toISOString` has them, which costs several times as much. */
export const instant = (millis: number): void => {
  const day = Math.floor(millis / dayMillis)
  if (day !== knownDay) {
    midnight = Buffer.from(new Date(day * dayMillis).toISOString())
    knownDay = day
  }
  const ofDay = millis - day * dayMillis
  bytes(midnight)
  over(Math.floor(ofDay / 3_600_000), 2, 11)
  over(Math.floor(ofDay / 60_000) % 60, 2, 8)
  over(Math.floor(ofDay / 1_000) % 60, 2, 5)
  over(ofDay % 1_000, 3, 1)
}
