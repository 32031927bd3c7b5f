/**
 * Follow graphs as text: `follower followee` a line, numbers parted by any white space, `#` comments, plain or gzipped
 * (told by the first bytes, not the name). Read as a stream: a file may be larger than memory.
 */
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { open } from "node:fs/promises"
import { pipeline } from "node:stream"
import { createGunzip } from "node:zlib"

export interface Edge {
  /** From 1. */
  readonly line: number
  readonly follower: number
  readonly followee: number
}

export interface BrokenLine {
  readonly line: number
  readonly text: string
  readonly reason: string
}

/** What a look through the whole file found. */
export interface Survey {
  /** SHA-256 of what was read, unpacked: names the file in a resumed import. */
  readonly hash: string
  readonly lines: number
  readonly edges: number
  readonly broken: number
  /** The first {@link BROKEN_SHOWN}. */
  readonly firstBroken: ReadonlyArray<BrokenLine>
}

const BROKEN_SHOWN = 10
/** Above this a number is no exact integer any more. */
const NUMBER_MAX = Number.MAX_SAFE_INTEGER
/** A longer line is no edge, and must not fill the memory. */
const LINE_MAX = 4096
const SHOWN_MAX = 80

export const survey = async (file: string): Promise<Survey> => {
  const hash = createHash("sha256")
  const firstBroken: Array<BrokenLine> = []
  let edges = 0
  let broken = 0
  let lines = 0
  for await (const { line, text } of readLines(file, (chunk) => hash.update(chunk))) {
    lines = line
    const parsed = parseLine(line, text)
    if (parsed === undefined) continue
    if ("follower" in parsed) edges++
    else if (++broken <= BROKEN_SHOWN) firstBroken.push(parsed)
  }
  return { hash: hash.digest("hex"), lines, edges, broken, firstBroken }
}

/** The edges from line `from` on, in order; comments, empty and broken lines are passed over. */
export async function* edges(file: string, from: number): AsyncGenerator<Edge> {
  for await (const { line, text } of readLines(file)) {
    if (line < from) continue
    const parsed = parseLine(line, text)
    if (parsed !== undefined && "follower" in parsed) yield parsed
  }
}

/** An edge, what is wrong with the line, or undefined for a comment or an empty line. */
export const parseLine = (line: number, text: string): Edge | BrokenLine | undefined => {
  const words = text.trim().split(/\s+/)
  if (words[0] === "" || words[0]?.startsWith("#")) return undefined
  const wrong = (reason: string): BrokenLine => ({ line, text: text.trim().slice(0, SHOWN_MAX), reason })
  if (words.length !== 2) return wrong(`${words.length === 1 ? "one word" : `${words.length} words`} instead of two numbers`)
  const [follower, followee] = words.map(accountNumber)
  if (follower === undefined || followee === undefined) return wrong("not two whole numbers from 0 on")
  if (follower === followee) return wrong("an account cannot follow itself")
  return { line, follower, followee }
}

const accountNumber = (word: string): number | undefined => {
  const number = /^[0-9]{1,16}$/.test(word) ? Number(word) : NaN
  return number <= NUMBER_MAX ? number : undefined
}

interface Line {
  readonly line: number
  readonly text: string
}

async function* readLines(file: string, onChunk?: (chunk: Buffer) => void): AsyncGenerator<Line> {
  let line = 0
  let rest = ""
  for await (const chunk of await unpacked(file) as AsyncIterable<Buffer>) {
    onChunk?.(chunk)
    // Bytes as Latin-1: a name in a comment may be in any encoding, and numbers are the same in all.
    const parts = (rest + chunk.toString("latin1")).split("\n")
    rest = (parts.pop() ?? "").slice(0, LINE_MAX)
    for (const text of parts) yield { line: ++line, text: text.slice(0, LINE_MAX) }
  }
  if (rest !== "") yield { line: ++line, text: rest }
}

const unpacked = async (file: string): Promise<NodeJS.ReadableStream> => {
  // Looked at first: a stream that nobody reads yet would tell its error to nobody.
  const isPacked = await isGzip(file)
  const stream = createReadStream(file)
  if (!isPacked) return stream
  // The error of either end reaches the reader through the unpacked stream.
  const gunzip = createGunzip()
  pipeline(stream, gunzip, () => {})
  return gunzip
}

const isGzip = async (file: string): Promise<boolean> => {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await handle.close()
  }
}
