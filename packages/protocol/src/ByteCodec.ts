/** Bytes of compact messages: fixed ids, numbers of as many bytes as they need, and texts. */

export interface ByteWriter {
  bytes: Uint8Array
  view: DataView
  length: number
}

export const writer = (capacity = 1024): ByteWriter => {
  const bytes = new Uint8Array(capacity)
  return { bytes, view: new DataView(bytes.buffer), length: 0 }
}

const reserve = (out: ByteWriter, count: number): void => {
  if (out.length + count <= out.bytes.length) return
  const bytes = new Uint8Array(Math.max(out.length + count, out.bytes.length * 2))
  bytes.set(out.bytes.subarray(0, out.length))
  out.bytes = bytes
  out.view = new DataView(bytes.buffer)
}

export const putByte = (out: ByteWriter, byte: number): void => {
  reserve(out, 1)
  out.bytes[out.length++] = byte
}

export const putId = (out: ByteWriter, id: bigint): void => {
  reserve(out, 8)
  out.view.setBigUint64(out.length, id)
  out.length += 8
}

/** Seven bits to a byte, the lowest first; whole numbers from 0 to 2^53-1. */
export const putNumber = (out: ByteWriter, value: number): void => {
  reserve(out, 8)
  let rest = value
  while (rest >= 0x80) {
    out.bytes[out.length++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  out.bytes[out.length++] = rest
}

/** Eight bytes: exactly the number that it was. */
export const putFloat = (out: ByteWriter, value: number): void => {
  reserve(out, 8)
  out.view.setFloat64(out.length, value)
  out.length += 8
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export const putText = (out: ByteWriter, text: string): void => {
  const encoded = encoder.encode(text)
  putNumber(out, encoded.length)
  reserve(out, encoded.length)
  out.bytes.set(encoded, out.length)
  out.length += encoded.length
}

/** What was written, as bytes of their own. */
export const bytesOf = (out: ByteWriter): Uint8Array => out.bytes.slice(0, out.length)

/** Every read throws `RangeError` when the bytes are not what was to be read. */
export interface ByteReader {
  readonly bytes: Uint8Array
  readonly view: DataView
  at: number
}

export const reader = (bytes: Uint8Array): ByteReader => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  at: 0
})

export const isAtEnd = (from: ByteReader): boolean => from.at === from.bytes.length

export const takeByte = (from: ByteReader): number => {
  const byte = from.bytes[from.at]
  if (byte === undefined) throw new RangeError("the message ends too early")
  from.at++
  return byte
}

/** An id from 1 to 2^63-1. */
export const takeId = (from: ByteReader): bigint => {
  const id = from.view.getBigInt64(from.at)
  if (id <= 0n) throw new RangeError(`${id} is no id`)
  from.at += 8
  return id
}

const numberBytesMax = 8

export const takeNumber = (from: ByteReader): number => {
  let value = 0
  let scale = 1
  for (let i = 0; i < numberBytesMax; i++) {
    const byte = takeByte(from)
    value += (byte & 0x7f) * scale
    scale *= 0x80
    if (byte < 0x80) {
      // Each number has one form only, so that equal facts have equal bytes.
      if ((byte === 0 && i > 0) || !Number.isSafeInteger(value)) break
      return value
    }
  }
  throw new RangeError("a number is not whole, or too large")
}

/** A number that the database keeps in 32 bits. */
export const takeCount = (from: ByteReader): number => {
  const value = takeNumber(from)
  if (value > 0x7fff_ffff) throw new RangeError(`${value} is no count`)
  return value
}

/** A number that is one: neither infinite nor none. */
export const takeFloat = (from: ByteReader): number => {
  const value = from.view.getFloat64(from.at)
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no number`)
  from.at += 8
  return value
}

/** At most `bytesMax` bytes of UTF-8. */
export const takeText = (from: ByteReader, bytesMax: number): string => {
  const length = takeNumber(from)
  if (length > bytesMax || from.at + length > from.bytes.length) throw new RangeError("a text is too long")
  const encoded = from.bytes.subarray(from.at, from.at + length)
  from.at += length
  try {
    return decoder.decode(encoded)
  } catch {
    throw new RangeError("a text is not UTF-8")
  }
}
