/**
 * Room for the entries of many windows, cut out of large arrays. An array for each window costs some 200 bytes of V8's heap and
 * 600 of native memory beside its entries, and stands between the holes that loads leave in malloc's heap.
 *
 * Who takes a cell gives it back, once. Nothing clears it: whoever takes it next overwrites what they read.
 */

/**
 * Cells of one large array, and its words at least and at most, 16 to 256 kB: more cells would save little, and of each size of
 * cells one array may stand unused.
 */
const chunkCells = 16
const chunkWordsMin = 4_096
const chunkWordsMax = 65_536

export interface Chunk {
  readonly words: Uint32Array
  readonly cellWords: number
  readonly cells: number
  /** Where cells that were given back begin. */
  readonly free: Array<number>
  /** Cells from the first on that were taken at least once. */
  begun: number
}

export interface Slab {
  /** By words of a cell: the chunks that have room. */
  readonly open: Map<number, Array<Chunk>>
  /** Bytes of all chunks, full ones included. */
  bytes: number
}

export const make = (): Slab => ({ open: new Map(), bytes: 0 })

const openChunk = (slab: Slab, chunks: Array<Chunk>, cellWords: number): Chunk => {
  const wanted = Math.min(chunkWordsMax, Math.max(chunkWordsMin, chunkCells * cellWords))
  const cells = Math.max(1, Math.floor(wanted / cellWords))
  const chunk: Chunk = { words: new Uint32Array(cells * cellWords), cellWords, cells, free: [], begun: 0 }
  chunks.push(chunk)
  slab.bytes += chunk.words.byteLength
  return chunk
}

const hasRoom = (chunk: Chunk): boolean => chunk.free.length > 0 || chunk.begun < chunk.cells

const isUnused = (chunk: Chunk): boolean => chunk.free.length === chunk.begun

/** A chunk with room for a cell of so many words, which `take` cuts out. */
export const chunkFor = (slab: Slab, cellWords: number): Chunk => {
  let chunks = slab.open.get(cellWords)
  if (chunks === undefined) slab.open.set(cellWords, chunks = [])
  return chunks.at(-1) ?? openChunk(slab, chunks, cellWords)
}

/** Cuts a cell out of a chunk that has room; where in `words` it begins. */
export const take = (slab: Slab, chunk: Chunk): number => {
  const at = chunk.free.pop() ?? chunk.begun++ * chunk.cellWords
  if (!hasRoom(chunk)) slab.open.get(chunk.cellWords)!.pop()
  return at
}

const without = (chunks: Array<Chunk>, chunk: Chunk): void => {
  chunks.splice(chunks.indexOf(chunk), 1)
}

/** Gives the cell that begins at `at` back. A chunk of which nothing is taken goes, unless it is the only one with room. */
export const give = (slab: Slab, chunk: Chunk, at: number): void => {
  const chunks = slab.open.get(chunk.cellWords)!
  if (!hasRoom(chunk)) chunks.push(chunk)
  chunk.free.push(at)
  if (!isUnused(chunk) || chunks.length === 1) return
  without(chunks, chunk)
  slab.bytes -= chunk.words.byteLength
}
