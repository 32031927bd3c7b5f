/**
 * Memory of answers that is used again once they are sent. V8 counts what buffers take outside of its heap: at a thousand pages
 * of 31 kB a second it marked the whole heap every two seconds for them, with threads that took both cores from everything else.
 */

/** Buffers come in multiples of this, up to the largest; smaller and larger ones are the garbage collector's. Bytes. */
const stepBytes = 16 * 1024
const bytesMin = 4 * 1024
const bytesMax = 128 * 1024

/** Kept of each size at most: 36 MB together. */
const keptMax = 64

const kept: ReadonlyArray<Array<ArrayBuffer>> = Array.from({ length: bytesMax / stepBytes }, () => [])

/** Those that are out. One that is never given back is the garbage collector's too. */
const out = new WeakSet<ArrayBufferLike>()

const placeOf = (bytes: number): number => Math.ceil(bytes / stepBytes) - 1

/** A buffer of so many bytes that hold anything. */
export const take = (bytes: number): Buffer => {
  if (bytes < bytesMin || bytes > bytesMax) return Buffer.allocUnsafe(bytes)
  const place = placeOf(bytes)
  const memory = kept[place]!.pop() ?? new ArrayBuffer((place + 1) * stepBytes)
  out.add(memory)
  return Buffer.from(memory, 0, bytes)
}

/** Gives a buffer back that nobody looks at any more, neither here nor in the kernel's queue. Does nothing with one that is not of here. */
export const give = ({ buffer }: Uint8Array): void => {
  if (!out.delete(buffer)) return
  const same = kept[placeOf(buffer.byteLength)]!
  if (same.length < keptMax) same.push(buffer as ArrayBuffer)
}
