/** Announcements as bytes: ids, and a byte of flags that says what else there is; then, for posts that have them, tags and the mark of pictures. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { PostFact } from "@rookery/domain/GossipFact"
import { mentionsMax, tagBytesMax, tagsMax } from "@rookery/domain/PostParts"
import * as Bytes from "./ByteCodec.ts"
import { flagsOf, takeFlags } from "./FlagCodec.ts"

const takeAccount = (from: Bytes.ByteReader): AccountId => Bytes.takeId(from) as AccountId
const takePost = (from: Bytes.ByteReader): PostId => Bytes.takeId(from) as PostId

/** Whether there is more to say than `put` does. */
export const hasParts = ({ pictures, tags }: PostFact): boolean => pictures || tags.length > 0

/** Without its parts. */
export const put = (out: Bytes.ByteWriter, fact: PostFact): void => {
  const { conversation, editedAt, mentions, replyTo, replyToAuthor, repostOf } = fact
  Bytes.putId(out, fact.id)
  Bytes.putId(out, fact.author)
  Bytes.putNumber(out, fact.version)
  Bytes.putByte(
    out,
    fact.visibility << 6 |
      flagsOf(replyTo !== null, repostOf !== null, conversation !== null, editedAt > 0, mentions.length > 0, fact.sensitive)
  )
  if (replyTo !== null) {
    Bytes.putId(out, replyTo)
    // A reply always names whom it answers, also the author themselves.
    Bytes.putId(out, replyToAuthor ?? fact.author)
  }
  if (repostOf !== null) Bytes.putId(out, repostOf)
  if (conversation !== null) Bytes.putId(out, conversation)
  if (editedAt > 0) Bytes.putNumber(out, editedAt)
  if (mentions.length > 0) Bytes.putNumber(out, mentions.length)
  for (const mention of mentions) Bytes.putId(out, mention)
}

export const putParts = (out: Bytes.ByteWriter, { pictures, tags }: PostFact): void => {
  Bytes.putByte(out, flagsOf(pictures, tags.length > 0))
  if (tags.length > 0) Bytes.putNumber(out, tags.length)
  for (const tag of tags) Bytes.putText(out, tag)
}

const takeTags = (from: Bytes.ByteReader): ReadonlyArray<string> => {
  const count = Bytes.takeNumber(from)
  if (count < 1 || count > tagsMax) throw new RangeError("too many tags, or none")
  return Array.from({ length: count }, () => Bytes.takeText(from, tagBytesMax))
}

const takeParts = (from: Bytes.ByteReader): Pick<PostFact, "pictures" | "tags"> => {
  const [pictures, hasTags] = takeFlags(from, 2) as [boolean, boolean]
  return { pictures, tags: hasTags ? takeTags(from) : [] }
}

const takeMentions = (from: Bytes.ByteReader): ReadonlyArray<AccountId> => {
  const count = Bytes.takeNumber(from)
  if (count < 1 || count > mentionsMax) throw new RangeError("too many mentions, or none")
  return Array.from({ length: count }, () => takeAccount(from))
}

export const take = (from: Bytes.ByteReader): PostFact => {
  const id = takePost(from)
  const author = takeAccount(from)
  const version = Bytes.takeCount(from)
  const flags = Bytes.takeByte(from)
  const has = (bit: number): boolean => (flags & (1 << bit)) !== 0
  return {
    _tag: "Post",
    id,
    author,
    version,
    visibility: flags >> 6,
    sensitive: has(5),
    replyTo: has(0) ? takePost(from) : null,
    replyToAuthor: has(0) ? takeAccount(from) : null,
    repostOf: has(1) ? takePost(from) : null,
    conversation: has(2) ? takePost(from) : null,
    editedAt: has(3) ? Bytes.takeNumber(from) : 0,
    mentions: has(4) ? takeMentions(from) : [],
    tags: [],
    pictures: false
  }
}

export const takeWithParts = (from: Bytes.ByteReader): PostFact => {
  const post = take(from)
  return { ...post, ...takeParts(from) }
}
