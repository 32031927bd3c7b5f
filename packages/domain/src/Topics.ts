/** Topics: timelines that no one follows account by account, the public one and one for each tag. */
import type { Post, Visibility } from "./Post.ts"
import * as PostParts from "./PostParts.ts"

/** The public timeline. */
export const everything = "*"

export const ofTag = (tag: string): string => `#${tag}`

/** The tag of a topic; undefined for the public timeline. */
export const tagOf = (topic: string): string | undefined => topic === everything ? undefined : topic.slice(1)

/** What decides, beside its tags, where a post stands. */
export interface Placed {
  readonly author: bigint
  readonly visibility: Visibility
  readonly replyTo: bigint | null
  readonly replyToAuthor: bigint | null
  readonly repostOf: bigint | null
}

/** Whether the public timeline has the post: no repost, and no answer to others. */
export const isForEveryone = (post: Placed): boolean =>
  post.visibility === "public" && post.repostOf === null && (post.replyTo === null || post.replyToAuthor === post.author)

/** The topics that a post with these tags stands in. Only public posts are in any; an edit may change which. */
export const withTags = (post: Placed, tags: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (post.visibility !== "public" || post.repostOf !== null) return []
  const topics = tags.map(ofTag)
  return isForEveryone(post) ? [everything, ...topics] : topics
}

/** The same of a post whose text is here. */
export const of = (post: Post): ReadonlyArray<string> => withTags(post, PostParts.tagsOf(post.text))

/** The shard, 1…`shardCount`, that keeps a topic: FNV-1a over its code units. */
export const shardOf = (topic: string, shardCount: number): number => {
  let hash = 0x811c_9dc5
  for (let i = 0; i < topic.length; i++) hash = Math.imul(hash ^ topic.charCodeAt(i), 0x0100_0193) >>> 0
  return (hash % shardCount) + 1
}
