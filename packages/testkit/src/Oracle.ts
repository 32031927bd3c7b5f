/**
 * What Rookery should answer, by the plainest means: accounts, follows, blocks, mutes, posts and likes as sets, every timeline
 * by the join, every counter by counting. Slow and obviously right; the real thing is compared with it.
 */
import { reachesFollowers, type Visibility } from "@rookery/domain/Post"
import type { PageQuery } from "@rookery/domain/TimelinePage"

export interface OraclePost {
  readonly id: bigint
  readonly author: bigint
  readonly visibility: Visibility
  readonly replyTo: bigint | null
  readonly repostOf: bigint | null
  text: string
  deleted: boolean
}

export interface Oracle {
  readonly accounts: Set<bigint>
  readonly posts: Map<bigint, OraclePost>
  /** Whom each account follows. */
  readonly follows: Map<bigint, Set<bigint>>
  /** Whom each account blocks, and mutes. */
  readonly blocks: Map<bigint, Set<bigint>>
  readonly mutes: Map<bigint, Set<bigint>>
  /** Who likes each post. */
  readonly likes: Map<bigint, Set<bigint>>
}

export interface PostCounts {
  readonly likes: number
  readonly reposts: number
  readonly replies: number
}

export interface AccountCounts {
  readonly followers: number
  readonly following: number
  readonly statuses: number
}

/** What an author's own timeline leaves out. */
export interface AuthorView {
  readonly excludeReplies: boolean
  readonly excludeReposts: boolean
  readonly includePrivate: boolean
}

export const make = (): Oracle => ({
  accounts: new Set(),
  posts: new Map(),
  follows: new Map(),
  blocks: new Map(),
  mutes: new Map(),
  likes: new Map()
})

export const addAccount = (oracle: Oracle, account: bigint): void => {
  oracle.accounts.add(account)
  oracle.follows.set(account, new Set())
  oracle.blocks.set(account, new Set())
  oracle.mutes.set(account, new Set())
}

/** A wrapper whose original was deleted meanwhile is gone with it. */
export const publish = (oracle: Oracle, post: Omit<OraclePost, "deleted">): void => {
  const deleted = post.repostOf !== null && oracle.posts.get(post.repostOf)?.deleted === true
  oracle.posts.set(post.id, { ...post, deleted })
  oracle.likes.set(post.id, new Set())
}

export const edit = (oracle: Oracle, id: bigint, text: string): void => {
  oracle.posts.get(id)!.text = text
}

/** A post goes with its wrappers. */
export const remove = (oracle: Oracle, id: bigint): void => {
  oracle.posts.get(id)!.deleted = true
  for (const post of oracle.posts.values()) if (post.repostOf === id) post.deleted = true
}

export const setFollow = (oracle: Oracle, follower: bigint, followee: bigint, following: boolean): void => {
  const followees = oracle.follows.get(follower)!
  if (following) followees.add(followee)
  else followees.delete(followee)
}

const put = (set: Set<bigint>, member: bigint, present: boolean): void => {
  if (present) set.add(member)
  else set.delete(member)
}

/** A block ends follows both ways. */
export const setBlock = (oracle: Oracle, account: bigint, other: bigint, blocked: boolean): void => {
  put(oracle.blocks.get(account)!, other, blocked)
  if (!blocked) return
  setFollow(oracle, account, other, false)
  setFollow(oracle, other, account, false)
}

export const setMute = (oracle: Oracle, account: bigint, other: bigint, muted: boolean): void =>
  put(oracle.mutes.get(account)!, other, muted)

/** Whether one of the two blocks the other. */
export const isBlocked = (oracle: Oracle, one: bigint, other: bigint): boolean =>
  oracle.blocks.get(one)!.has(other) || oracle.blocks.get(other)!.has(one)

/** Whether nothing of `author` is for `reader`. */
export const isHidden = (oracle: Oracle, reader: bigint, author: bigint): boolean =>
  isBlocked(oracle, reader, author) || oracle.mutes.get(reader)!.has(author)

export const setLike = (oracle: Oracle, account: bigint, id: bigint, liked: boolean): void => {
  const likers = oracle.likes.get(id)!
  if (liked) likers.add(account)
  else likers.delete(account)
}

/** Who wrote a post, and what it reposts. */
export const authorsOf = (oracle: Oracle, post: OraclePost): ReadonlyArray<bigint> => {
  const original = post.repostOf === null ? undefined : oracle.posts.get(post.repostOf)
  return original === undefined ? [post.author] : [post.author, original.author]
}

/** Whether `reader`'s home timeline holds `post`. */
export const isEntitled = (oracle: Oracle, reader: bigint, post: OraclePost): boolean =>
  !post.deleted &&
  !authorsOf(oracle, post).some((author) => isHidden(oracle, reader, author)) &&
  (post.author === reader || (oracle.follows.get(reader)!.has(post.author) && reachesFollowers(post.visibility)))

const descending = (a: bigint, b: bigint): number => (a > b ? -1 : a < b ? 1 : 0)

const idsWhere = (oracle: Oracle, holds: (post: OraclePost) => boolean): Array<bigint> =>
  [...oracle.posts.values()].filter(holds).map((post) => post.id).sort(descending)

/** A whole home timeline, newest first. */
export const home = (oracle: Oracle, reader: bigint): Array<bigint> =>
  idsWhere(oracle, (post) => isEntitled(oracle, reader, post))

/** What one adds to one's own posts is no reply. */
const isReplyToOther = (oracle: Oracle, post: OraclePost): boolean =>
  post.replyTo !== null && oracle.posts.get(post.replyTo)?.author !== post.author

/** An author's own timeline as others see it, newest first. */
export const authorTimeline = (oracle: Oracle, author: bigint, view: AuthorView): Array<bigint> =>
  idsWhere(oracle, (post) =>
    post.author === author &&
    !post.deleted &&
    (post.visibility !== "private" || view.includePrivate) &&
    post.visibility !== "direct" &&
    !(view.excludeReplies && isReplyToOther(oracle, post)) &&
    !(view.excludeReposts && post.repostOf !== null))

/** The page of a whole timeline (newest first) that a query names. */
export const page = (timeline: ReadonlyArray<bigint>, query: PageQuery): ReadonlyArray<bigint> => {
  const within = timeline.filter((id) =>
    (query.maxId === undefined || id < query.maxId) && id > query.sinceId && id > query.minId
  )
  return query.minId > 0n ? within.slice(-query.limit) : within.slice(0, query.limit)
}

const countPosts = (oracle: Oracle, holds: (post: OraclePost) => boolean): number => {
  let count = 0
  for (const post of oracle.posts.values()) if (!post.deleted && holds(post)) count++
  return count
}

export const postCounts = (oracle: Oracle, id: bigint): PostCounts => ({
  likes: oracle.likes.get(id)!.size,
  reposts: countPosts(oracle, (post) => post.repostOf === id),
  replies: countPosts(oracle, (post) => post.replyTo === id)
})

export const accountCounts = (oracle: Oracle, account: bigint): AccountCounts => ({
  followers: [...oracle.follows.values()].filter((followees) => followees.has(account)).length,
  following: oracle.follows.get(account)!.size,
  statuses: countPosts(oracle, (post) => post.author === account)
})
