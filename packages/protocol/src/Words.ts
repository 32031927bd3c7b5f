/** Little-endian 32-bit words in byte arrays, as the hot messages use them. */

/** A growable array of words. */
export interface WordWriter {
  words: Uint32Array
  length: number
}

export const writer = (capacity = 64): WordWriter => ({ words: new Uint32Array(capacity), length: 0 })

/** Makes room for `count` more words. */
export const reserve = (out: WordWriter, count: number): void => {
  const needed = out.length + count
  if (needed <= out.words.length) return
  const words = new Uint32Array(Math.max(needed, out.words.length * 2))
  words.set(out.words.subarray(0, out.length))
  out.words = words
}

/** Appends one word; room must be reserved. */
export const put = (out: WordWriter, word: number): void => {
  out.words[out.length++] = word
}

export const putId = (out: WordWriter, id: bigint): void => {
  put(out, Number(id & 0xffff_ffffn))
  put(out, Number(id >> 32n))
}

/** The bytes written so far; shares memory with the writer. */
export const bytes = (out: WordWriter): Uint8Array => new Uint8Array(out.words.buffer, 0, out.length * 4)

/** The words of `bytes`, without a copy where the alignment allows. Throws `RangeError` on a broken length. */
export const words = (data: Uint8Array): Uint32Array => {
  if (data.byteLength % 4 !== 0) throw new RangeError(`a word message has ${data.byteLength} bytes`)
  return data.byteOffset % 4 === 0
    ? new Uint32Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / 4)
    // `slice` of a Node Buffer, which is what sockets bring, would be a view and no copy.
    : new Uint32Array(new Uint8Array(data).buffer)
}

export const idAt = (data: Uint32Array, at: number): bigint => (BigInt(data[at + 1]!) << 32n) | BigInt(data[at]!)
