/** Facts of gossip as bytes: a kind, then its fields; what may be absent has a bit among the flags. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { AccountFact, GossipFact, Verdict } from "@rookery/domain/GossipFact"
import * as Media from "@rookery/domain/Media"
import * as Bytes from "./ByteCodec.ts"
import { flagsOf, takeFlags } from "./FlagCodec.ts"
import * as Posts from "./PostFactCodec.ts"

/** Numbers on the wire; never reused. A post with tags or pictures is of a kind of its own, so that others take no byte for it. */
const kinds = {
  Account: 1,
  AccountCounts: 2,
  Post: 3,
  Tombstone: 4,
  Follow: 5,
  Answer: 6,
  Block: 7,
  Like: 8,
  Counts: 9,
  PostWithParts: 10
} as const

/** Bytes of one text, and lines of a profile, at most: more than the product lets anybody write. */
const nameBytesMax = 200
const textBytesMax = 8 * 1024
const fieldsMax = 16

const takeAccount = (from: Bytes.ByteReader): AccountId => Bytes.takeId(from) as AccountId
const takePost = (from: Bytes.ByteReader): PostId => Bytes.takeId(from) as PostId

const putAccountFact = (out: Bytes.ByteWriter, fact: AccountFact): void => {
  Bytes.putId(out, fact.id)
  Bytes.putNumber(out, fact.version)
  Bytes.putByte(out, flagsOf(fact.locked, fact.bot, fact.discoverable, fact.suspended, fact.gone, fact.avatar !== null, fact.header !== null))
  Bytes.putText(out, fact.username)
  Bytes.putText(out, fact.displayName)
  Bytes.putText(out, fact.note)
  Bytes.putNumber(out, fact.fields.length)
  for (const { name, value } of fact.fields) {
    Bytes.putText(out, name)
    Bytes.putText(out, value)
  }
  if (fact.avatar !== null) Bytes.putText(out, fact.avatar)
  if (fact.header !== null) Bytes.putText(out, fact.header)
}

const takeFields = (from: Bytes.ByteReader): AccountFact["fields"] => {
  const count = Bytes.takeNumber(from)
  if (count > fieldsMax) throw new RangeError("too many lines")
  return Array.from({ length: count }, () => ({
    name: Bytes.takeText(from, textBytesMax),
    value: Bytes.takeText(from, textBytesMax)
  }))
}

const takeKey = (from: Bytes.ByteReader): string => {
  const key = Bytes.takeText(from, nameBytesMax)
  if (!Media.isKey(key)) throw new RangeError("no key of a picture")
  return key
}

const takeAccountFact = (from: Bytes.ByteReader): AccountFact => {
  const id = takeAccount(from)
  const version = Bytes.takeNumber(from)
  const [locked, bot, discoverable, suspended, gone, hasAvatar, hasHeader] = takeFlags(from, 7) as
    [boolean, boolean, boolean, boolean, boolean, boolean, boolean]
  return {
    _tag: "Account",
    id,
    version,
    username: Bytes.takeText(from, nameBytesMax),
    displayName: Bytes.takeText(from, textBytesMax),
    note: Bytes.takeText(from, textBytesMax),
    locked,
    bot,
    discoverable,
    fields: takeFields(from),
    avatar: hasAvatar ? takeKey(from) : null,
    header: hasHeader ? takeKey(from) : null,
    suspended,
    gone
  }
}

const takeVerdict = (from: Bytes.ByteReader): Verdict => {
  const verdict = Bytes.takeByte(from)
  if (verdict < 1 || verdict > 3) throw new RangeError(`${verdict} is no verdict`)
  return verdict as Verdict
}

const putIds = (out: Bytes.ByteWriter, one: bigint, other: bigint): void => {
  Bytes.putId(out, one)
  Bytes.putId(out, other)
}

const putNumbers = (out: Bytes.ByteWriter, ...numbers: ReadonlyArray<number>): void => {
  for (const number of numbers) Bytes.putNumber(out, number)
}

/** Appends one fact. */
export const put = (out: Bytes.ByteWriter, fact: GossipFact): void => {
  Bytes.putByte(out, fact._tag === "Post" && Posts.hasParts(fact) ? kinds.PostWithParts : kinds[fact._tag])
  switch (fact._tag) {
    case "Account":
      return putAccountFact(out, fact)
    case "AccountCounts":
      Bytes.putId(out, fact.id)
      return putNumbers(out, fact.version, fact.followers, fact.following, fact.statuses, fact.lastStatusAt)
    case "Post":
      Posts.put(out, fact)
      return Posts.hasParts(fact) ? Posts.putParts(out, fact) : undefined
    case "Tombstone":
      putIds(out, fact.id, fact.author)
      return putNumbers(out, fact.deletedAt)
    case "Follow":
      putIds(out, fact.follower, fact.followee)
      putNumbers(out, fact.version)
      return Bytes.putByte(out, flagsOf(fact.active, fact.asked))
    case "Answer":
      putIds(out, fact.follower, fact.followee)
      putNumbers(out, fact.version)
      return Bytes.putByte(out, fact.verdict)
    case "Block":
      putIds(out, fact.account, fact.target)
      putNumbers(out, fact.version)
      return Bytes.putByte(out, flagsOf(fact.active))
    case "Like":
      putIds(out, fact.account, fact.post)
      putNumbers(out, fact.version)
      return Bytes.putByte(out, flagsOf(fact.active))
    case "Counts":
      Bytes.putId(out, fact.post)
      return putNumbers(out, fact.version, fact.likes, fact.reposts, fact.replies)
  }
}

const scratch = Bytes.writer(4096)

/** Bytes that a fact takes. */
export const bytesOf = (fact: GossipFact): number => {
  scratch.length = 0
  put(scratch, fact)
  return scratch.length
}

const takers: Readonly<Record<number, (from: Bytes.ByteReader) => GossipFact>> = {
  [kinds.Account]: takeAccountFact,
  [kinds.AccountCounts]: (from) => ({
    _tag: "AccountCounts",
    id: takeAccount(from),
    version: Bytes.takeNumber(from),
    followers: Bytes.takeCount(from),
    following: Bytes.takeCount(from),
    statuses: Bytes.takeCount(from),
    lastStatusAt: Bytes.takeNumber(from)
  }),
  [kinds.Post]: Posts.take,
  [kinds.PostWithParts]: Posts.takeWithParts,
  [kinds.Tombstone]: (from) => ({
    _tag: "Tombstone",
    id: takePost(from),
    author: takeAccount(from),
    deletedAt: Bytes.takeNumber(from)
  }),
  [kinds.Follow]: (from) => {
    const pair = { follower: takeAccount(from), followee: takeAccount(from), version: Bytes.takeNumber(from) }
    const [active, asked] = takeFlags(from, 2) as [boolean, boolean]
    return { _tag: "Follow", ...pair, active, asked }
  },
  [kinds.Answer]: (from) => ({
    _tag: "Answer",
    follower: takeAccount(from),
    followee: takeAccount(from),
    version: Bytes.takeNumber(from),
    verdict: takeVerdict(from)
  }),
  [kinds.Block]: (from) => ({
    _tag: "Block",
    account: takeAccount(from),
    target: takeAccount(from),
    version: Bytes.takeNumber(from),
    active: takeFlags(from, 1)[0]!
  }),
  [kinds.Like]: (from) => ({
    _tag: "Like",
    account: takeAccount(from),
    post: takePost(from),
    version: Bytes.takeNumber(from),
    active: takeFlags(from, 1)[0]!
  }),
  [kinds.Counts]: (from) => ({
    _tag: "Counts",
    post: takePost(from),
    version: Bytes.takeNumber(from),
    likes: Bytes.takeCount(from),
    reposts: Bytes.takeCount(from),
    replies: Bytes.takeCount(from)
  })
}

/** Reads one fact. Throws `RangeError` when there is none. */
export const take = (from: Bytes.ByteReader): GossipFact => {
  const taker = takers[Bytes.takeByte(from)]
  if (taker === undefined) throw new RangeError("a fact of an unknown kind")
  return taker(from)
}
