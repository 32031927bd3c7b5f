/**
 * A message of gossip: `version | origin | count | facts`, tens of bytes a fact. What is refused is refused whole, with
 * the reason: a datacenter that says one thing wrong is not to be trusted with the rest of the message.
 */
import type { Datacenters } from "@rookery/domain/Datacenters"
import { type GossipFact, trespass } from "@rookery/domain/GossipFact"
import * as Bytes from "./ByteCodec.ts"
import * as FactCodec from "./FactCodec.ts"

/** The first byte of every message. Receivers refuse what they do not know, so it is raised after all of them do. */
export const version = 1

/** Of one message. */
export const factsMax = 500
export const bytesMax = 64 * 1024

const nameBytesMax = 100

/**
 * - `version`: of another version of this protocol.
 * - `malformed`: no message at all, or cut, or of values that cannot be.
 * - `datacenter`: not of the datacenter whose link it came by, or told to another than this one.
 * - `foreign`: of an id outside of the origin's block.
 */
export type Refusal = "version" | "malformed" | "datacenter" | "foreign"

export type Decoded =
  | { readonly _tag: "Facts"; readonly facts: ReadonlyArray<GossipFact> }
  | { readonly _tag: "Refused"; readonly reason: Refusal }

const headerOf = (origin: string, count: number): Bytes.ByteWriter => {
  const out = Bytes.writer(2048)
  Bytes.putByte(out, version)
  Bytes.putText(out, origin)
  Bytes.putNumber(out, count)
  return out
}

/** One message; the facts must fit (`pack`). */
export const encode = (origin: string, facts: ReadonlyArray<GossipFact>): Uint8Array => {
  const out = headerOf(origin, facts.length)
  for (const fact of facts) FactCodec.put(out, fact)
  return Bytes.bytesOf(out)
}

/** As few messages as hold the facts, in order; the same for the same facts. A single fact always fits. */
export const pack = (origin: string, facts: ReadonlyArray<GossipFact>): ReadonlyArray<Uint8Array> => {
  const messages: Array<Uint8Array> = []
  const room = bytesMax - headerOf(origin, factsMax).length
  let from = 0
  let bytes = 0
  facts.forEach((fact, i) => {
    const size = FactCodec.bytesOf(fact)
    if (i > from && (bytes + size > room || i - from === factsMax)) {
      messages.push(encode(origin, facts.slice(from, i)))
      from = i
      bytes = 0
    }
    bytes += size
  })
  if (from < facts.length) messages.push(encode(origin, facts.slice(from)))
  return messages
}

const takeAll = (from: Bytes.ByteReader): Array<GossipFact> => {
  const count = Bytes.takeNumber(from)
  if (count > factsMax) throw new RangeError("too many facts")
  const facts = Array.from({ length: count }, () => FactCodec.take(from))
  if (!Bytes.isAtEnd(from)) throw new RangeError("the message goes on after its end")
  return facts
}

const refused = (reason: Refusal): Decoded => ({ _tag: "Refused", reason })

const judge = (datacenters: Datacenters, origin: number, facts: ReadonlyArray<GossipFact>): Decoded => {
  for (const fact of facts) {
    const found = trespass(datacenters, origin, fact)
    if (found !== undefined) return refused(found === "stray" ? "datacenter" : "foreign")
  }
  return { _tag: "Facts", facts }
}

/** What a message from the link to `origin` says to this datacenter, or why it is refused. */
export const decode = (datacenters: Datacenters, origin: number, bytes: Uint8Array): Decoded => {
  const from = Bytes.reader(bytes)
  try {
    if (bytes.length > bytesMax) return refused("malformed")
    if (Bytes.takeByte(from) !== version) return refused("version")
    const name = Bytes.takeText(from, nameBytesMax)
    if (name !== datacenters.names[origin] || origin === datacenters.own) return refused("datacenter")
    return judge(datacenters, origin, takeAll(from))
  } catch (error) {
    if (error instanceof RangeError) return refused("malformed")
    throw error
  }
}
