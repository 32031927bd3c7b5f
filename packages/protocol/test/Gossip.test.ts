import { assert, describe, it } from "@effect/vitest"
import * as Datacenters from "@rookery/domain/Datacenters"
import type { GossipFact } from "@rookery/domain/GossipFact"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Media from "@rookery/domain/Media"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Gossip from "@rookery/protocol/Gossip"
import { Schema } from "effect"

const blocks = [{ name: "north", machines: { first: 10, last: 19 } }, { name: "south", machines: { first: 20, last: 29 } }]
const south = Datacenters.make(blocks, "south")

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Millis = between(Snowflake.epochMillis + 1, Snowflake.epochMillis + 2 ** 41 - 1)
const idAt = (first: number) => Schema.Struct({ millis: Millis, machine: between(first, first + 9), sequence: between(0, 4095) })
const Id = idAt(10)
const Own = idAt(20)
const Version = between(0, Number.MAX_SAFE_INTEGER)
const Count = between(0, 0x7fff_ffff)
const Flag = Schema.Boolean

const Draw = Schema.Struct({
  kind: between(0, 8),
  a: Id,
  b: Id,
  own: Own,
  version: Version,
  counts: Schema.Tuple([Count, Count, Count]),
  flags: Schema.Tuple([Flag, Flag, Flag, Flag, Flag]),
  visibility: between(0, 3),
  verdict: Schema.Literals([1, 2, 3]),
  texts: Schema.Tuple([Schema.String, Schema.String, Schema.String])
})
type Draw = typeof Draw.Type

const idOf = ({ machine, millis, sequence }: typeof Id.Type) => Snowflake.make(millis, machine, sequence)
const wellFormed = (text: string) => text.toWellFormed().slice(0, 40).toWellFormed()

const key = (form: Media.Form) => Media.keyOf(Media.stemOf(7n, "0123456789abcdef".repeat(2)), form, "webp")

const factOf = (draw: Draw): GossipFact => {
  const [a, b] = [idOf(draw.a), idOf(draw.b)] as [AccountId, AccountId]
  const own = idOf(draw.own)
  const { flags: [one, two, three, four, five], version } = draw
  const [username, displayName, note] = draw.texts.map(wellFormed) as [string, string, string]
  const [x, y, z] = draw.counts
  const made: ReadonlyArray<GossipFact> = [
    { _tag: "Account", id: a, version, username, displayName, note, locked: one, bot: two, discoverable: three,
      fields: four ? [{ name: note, value: username }] : [], avatar: one ? key("avatar") : null, header: five ? key("header") : null,
      suspended: four, gone: five },
    { _tag: "AccountCounts", id: a, version, followers: x, following: y, statuses: z, lastStatusAt: version },
    { _tag: "Post", id: b as bigint as PostId, author: a, version: x, visibility: draw.visibility, sensitive: one,
      replyTo: two ? own as PostId : null, replyToAuthor: two ? own as AccountId : null, repostOf: three ? own as PostId : null,
      conversation: four ? own as PostId : null, editedAt: five ? y : 0, mentions: one ? [own as AccountId, a] : [],
      tags: four ? [username.slice(0, 30).toWellFormed(), "tag"] : [], pictures: five },
    { _tag: "Tombstone", id: b as bigint as PostId, author: a, deletedAt: version },
    { _tag: "Follow", follower: a, followee: own as AccountId, version, active: one, asked: two },
    { _tag: "Answer", follower: own as AccountId, followee: a, version, verdict: draw.verdict },
    { _tag: "Block", account: a, target: own as AccountId, version, active: one },
    { _tag: "Like", account: a, post: own as PostId, version, active: one },
    { _tag: "Counts", post: own as PostId, version, likes: x, reposts: y, replies: z }
  ]
  return made[draw.kind]!
}

const plain: GossipFact = factOf({
  kind: 2,
  a: { millis: Snowflake.epochMillis + 2 ** 36, machine: 11, sequence: 1 },
  b: { millis: Snowflake.epochMillis + 2 ** 36, machine: 12, sequence: 2 },
  own: { millis: Snowflake.epochMillis + 2 ** 36, machine: 21, sequence: 2 },
  version: 1,
  counts: [1, 0, 0],
  flags: [false, false, false, false, false],
  visibility: 0,
  verdict: 1,
  texts: ["", "", ""]
})

describe("Gossip", () => {
  it.prop("brings facts as they were, in any place of a buffer", { draws: Schema.Array(Draw) }, ({ draws }) => {
    const facts = draws.map(factOf)
    const bytes = Gossip.encode("north", facts)
    assert.deepStrictEqual(Gossip.decode(south, 0, bytes), { _tag: "Facts", facts })
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    assert.deepStrictEqual(Gossip.decode(south, 0, shifted.subarray(3)), { _tag: "Facts", facts })
  })

  it("takes 19 bytes for an announcement, 43 for that of a reply, and 20 at most with its share of a message", () => {
    const many = Gossip.encode("north", Array.from({ length: 500 }, () => plain))
    assert.strictEqual(Gossip.encode("north", [plain, plain]).length - Gossip.encode("north", [plain]).length, 19)
    assert.isBelow(many.length / 500, 20)
    const id = 5n as PostId
    const reply = { ...plain, replyTo: id, replyToAuthor: 6n as AccountId, conversation: id } as GossipFact
    assert.strictEqual(Gossip.encode("north", [reply, reply]).length - Gossip.encode("north", [reply]).length, 43)
    const tagged = { ...plain, tags: ["rook"], pictures: true } as GossipFact
    assert.strictEqual(Gossip.encode("north", [tagged, tagged]).length - Gossip.encode("north", [tagged]).length, 26)
    const most = { ...plain, tags: Array.from({ length: 50 }, () => "鳥".repeat(100)), mentions: Array.from({ length: 50 }, () => 6n as AccountId) } as GossipFact
    assert.isBelow(Gossip.encode("north", [most]).length, Gossip.bytesMax)
  })

  it("refuses another version, another datacenter, a foreign id and what was told to another, each by its name", () => {
    const bytes = Gossip.encode("north", [plain])
    const reasonOf = (message: Uint8Array, origin = 0) => {
      const decoded = Gossip.decode(south, origin, message)
      return decoded._tag === "Refused" ? decoded.reason : "none"
    }
    assert.strictEqual(reasonOf(bytes), "none")
    assert.strictEqual(reasonOf(Uint8Array.from([2, ...bytes.subarray(1)])), "version")
    assert.strictEqual(reasonOf(Gossip.encode("east", [plain])), "datacenter")
    assert.strictEqual(reasonOf(bytes, 1), "datacenter")
    assert.strictEqual(reasonOf(Gossip.encode("south", [plain]), 1), "datacenter")
    const foreign = { ...plain, id: Snowflake.make(Date.now(), 21, 1) as PostId } as GossipFact
    assert.strictEqual(reasonOf(Gossip.encode("north", [plain, foreign])), "foreign")
    const unowned: GossipFact = { _tag: "Counts", post: Snowflake.make(Date.now(), 99, 1) as PostId, version: 1, likes: 0, reposts: 0, replies: 0 }
    assert.strictEqual(reasonOf(Gossip.encode("north", [unowned])), "foreign")
    const [a, b] = [11, 12].map((machine) => Snowflake.make(Date.now(), machine, 1)) as [AccountId, AccountId]
    assert.strictEqual(reasonOf(Gossip.encode("north", [{ _tag: "Follow", follower: a, followee: b, version: 1, active: true, asked: false }])), "datacenter")
  })

  it("refuses what was cut anywhere, goes on after its end, or holds more than a message may", () => {
    const bytes = Gossip.encode("north", [plain, plain])
    const isMalformed = (message: Uint8Array) =>
      assert.deepStrictEqual(Gossip.decode(south, 0, message), { _tag: "Refused", reason: "malformed" })
    for (let length = 0; length < bytes.length; length++) isMalformed(bytes.subarray(0, length))
    isMalformed(Uint8Array.from([...bytes, 0]))
    isMalformed(Gossip.encode("north", Array.from({ length: Gossip.factsMax + 1 }, () => plain)))
    isMalformed(new Uint8Array(Gossip.bytesMax + 1).fill(1))
  })

  it.prop("answers any bytes with facts or a refusal", { tail: Schema.Array(between(0, 255)) }, ({ tail }) => {
    const header = Gossip.encode("north", [plain]).subarray(0, 7)
    for (const bytes of [tail, [...header, ...tail], [...header, 1, ...tail]]) {
      assert.include(["Facts", "Refused"], Gossip.decode(south, 0, Uint8Array.from(bytes))._tag)
    }
  })

  it.prop("packs facts in order into messages that are not too large", { draws: Schema.Array(Draw), times: between(1, 300) }, ({ draws, times }) => {
    const facts = Array.from({ length: times }, () => draws.slice(0, 5).map(factOf)).flat()
    const messages = Gossip.pack("north", facts)
    const opened = messages.flatMap((message) => {
      assert.isAtMost(message.length, Gossip.bytesMax)
      const decoded = Gossip.decode(south, 0, message)
      return decoded._tag === "Facts" ? decoded.facts : assert.fail(decoded.reason)
    })
    assert.deepStrictEqual(opened, facts)
  })
})
