/** What the runners of one datacenter ask those of another, the owner of what is asked about: digests, facts, contents (Contents.ts) and histories (Histories.ts). */
import type { Datacenters } from "@rookery/domain/Datacenters"
import type { GossipFact } from "@rookery/domain/GossipFact"
import { Effect, Schema } from "effect"
import * as Gossip from "./Gossip.ts"

/** Names of the questions. */
export const names = { digest: "digest", facts: "facts", content: "content", history: "history" } as const

/** In one question. */
export const rangesMax = 64
export const idsMax = 500
/** Facts in one answer; who asked for a range of more goes on behind the last of them. */
export const factsMax = 5_000
/** Rows that a digest looks at: a tenth of a second's worth. Of a range of more its parts are compared. */
export const digestRowsMax = 100_000

const Id = Schema.String.check(Schema.isPattern(/^\d{1,19}$/))

/** Records of the asked that the asker is to have; `kind` by its place among the kinds of the store, `to` exclusive. */
const Range = Schema.Struct({
  kind: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 })),
  from: Id,
  to: Id,
  /** Milliseconds since 1970: ends of posts before it are left out. */
  deletedAfter: Schema.Number
})
export type Range = typeof Range.Type

export const DigestQuestion = Schema.fromJsonString(Schema.Struct({ ranges: Schema.Array(Range).check(Schema.isMaxLength(rangesMax)) }))
/** The hash is a decimal of 64 bits; `isWhole` is false where there were more rows than are looked at. */
const Digest = Schema.Struct({ count: Schema.Int, hash: Schema.String.check(Schema.isPattern(/^\d{1,20}$/)), isWhole: Schema.Boolean })

/** In the order of the ranges. */
export const DigestAnswer = Schema.fromJsonString(Schema.Struct({ digests: Schema.Array(Digest).check(Schema.isMaxLength(rangesMax)) }))

const Ids = Schema.Array(Id).check(Schema.isMaxLength(idsMax))
export const FactsQuestion = Schema.fromJsonString(Schema.Union([
  Schema.Struct({ _tag: Schema.tag("Range"), range: Range }),
  Schema.Struct({ _tag: Schema.tag("Posts"), ids: Ids }),
  Schema.Struct({ _tag: Schema.tag("Accounts"), ids: Ids })
]))

const utf8 = { encode: new TextEncoder(), decode: new TextDecoder() }

/** What we say ourselves fits its schema. */
export const encode = <T>(codec: Schema.Codec<T, string>, value: T): Uint8Array => utf8.encode.encode(Schema.encodeSync(codec)(value))

/** Fails with what is wrong, for people. */
export const decode = <T>(codec: Schema.Codec<T, string>, data: Uint8Array): Effect.Effect<T, string> =>
  Schema.decodeEffect(codec)(utf8.decode.decode(data)).pipe(Effect.mapError((error) => error.message.slice(0, 200)))

/** Bytes of an answer's messages together. */
const answerBytesMax = 448 * 1024

/** Facts as messages of gossip, each after its length; those that do not fit are left out, the last first. */
export const encodeFacts = (origin: string, facts: ReadonlyArray<GossipFact>): Uint8Array => {
  const messages: Array<Uint8Array> = []
  let length = 0
  for (const message of Gossip.pack(origin, facts)) {
    if (length + message.length + 4 > answerBytesMax) break
    messages.push(message)
    length += message.length + 4
  }
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const message of messages) {
    view.setUint32(at, message.length)
    bytes.set(message, at + 4)
    at += message.length + 4
  }
  return bytes
}

/** What the origin said, refused whole where it may not say a part of it. */
export const decodeFacts = (datacenters: Datacenters, origin: number, bytes: Uint8Array): Gossip.Decoded => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const facts: Array<GossipFact> = []
  for (let at = 0; at < bytes.length;) {
    const length = at + 4 <= bytes.length ? view.getUint32(at) : Infinity
    if (at + 4 + length > bytes.length) return { _tag: "Refused", reason: "malformed" }
    const decoded = Gossip.decode(datacenters, origin, bytes.subarray(at + 4, at + 4 + length))
    if (decoded._tag === "Refused") return decoded
    for (const fact of decoded.facts) facts.push(fact)
    at += 4 + length
  }
  return { _tag: "Facts", facts }
}
