/**
 * What datacenters tell each other: records, each with one writer, its home, and a version that the home raises. The
 * newest version of a record is all there is to know, so facts may come in any order and any number of times.
 */
import * as Datacenters from "./Datacenters.ts"
import type { AccountId, PostId } from "./Ids.ts"

/** A profile. One that is `gone` was deleted for good and has no more than its id. */
export interface AccountFact {
  readonly _tag: "Account"
  readonly id: AccountId
  readonly version: number
  readonly username: string
  readonly displayName: string
  readonly note: string
  readonly locked: boolean
  readonly bot: boolean
  readonly discoverable: boolean
  readonly fields: ReadonlyArray<{ readonly name: string; readonly value: string }>
  /** Keys of the pictures, as in Media.ts. */
  readonly avatar: string | null
  readonly header: string | null
  readonly suspended: boolean
  readonly gone: boolean
}

/** What is shown of an account in numbers. `lastStatusAt` is in milliseconds since 1970, 0 for never. */
export interface AccountCountsFact {
  readonly _tag: "AccountCounts"
  readonly id: AccountId
  readonly version: number
  readonly followers: number
  readonly following: number
  readonly statuses: number
  readonly lastStatusAt: number
}

/** A post without its content. `visibility` is the database's number, `editedAt` 0 for never. */
export interface PostFact {
  readonly _tag: "Post"
  readonly id: PostId
  readonly author: AccountId
  readonly version: number
  readonly visibility: number
  readonly sensitive: boolean
  readonly replyTo: PostId | null
  readonly replyToAuthor: AccountId | null
  readonly repostOf: PostId | null
  /** The first post of the thread that it answers in. */
  readonly conversation: PostId | null
  readonly editedAt: number
  readonly mentions: ReadonlyArray<AccountId>
  /** As in PostParts.tagsOf; none of a direct post. */
  readonly tags: ReadonlyArray<string>
  /** Whether it carries any. */
  readonly pictures: boolean
}

/** The end of a post. One of an author that its home no longer knows names the post itself as author. */
export interface TombstoneFact {
  readonly _tag: "Tombstone"
  readonly id: PostId
  readonly author: AccountId
  /** Milliseconds since 1970, by the owner's clock: tombstones are kept for a time from then on. */
  readonly deletedAt: number
}

/** Whether one follows another, by the follower's home. `asked`: the followee was seen to be locked, and must accept it first. */
export interface FollowFact {
  readonly _tag: "Follow"
  readonly follower: AccountId
  readonly followee: AccountId
  readonly version: number
  readonly active: boolean
  readonly asked: boolean
}

/** In their order: of one version of a follow the later verdict holds. The number is the database's. */
export const verdicts = { pending: 1, accepted: 2, removed: 3 } as const
export type Verdict = (typeof verdicts)[keyof typeof verdicts]

/** What the followee's home says of the follow at this version; it says nothing of other versions. */
export interface AnswerFact {
  readonly _tag: "Answer"
  readonly follower: AccountId
  readonly followee: AccountId
  readonly version: number
  readonly verdict: Verdict
}

export interface BlockFact {
  readonly _tag: "Block"
  readonly account: AccountId
  readonly target: AccountId
  readonly version: number
  readonly active: boolean
}

/** Whether one likes a post, told to the post's home, which makes the notification by its own rules. */
export interface LikeFact {
  readonly _tag: "Like"
  readonly account: AccountId
  readonly post: PostId
  readonly version: number
  readonly active: boolean
}

/** What the people of the fact's origin did with a post of any datacenter: never a difference. */
export interface CountsFact {
  readonly _tag: "Counts"
  readonly post: PostId
  readonly version: number
  readonly likes: number
  readonly reposts: number
  readonly replies: number
}

export type GossipFact =
  | AccountFact
  | AccountCountsFact
  | PostFact
  | TombstoneFact
  | FollowFact
  | AnswerFact
  | BlockFact
  | LikeFact
  | CountsFact

/** The ids that the home of a fact owns, and the one that its receiver owns if it is told to one datacenter only. */
const partsOf = (fact: GossipFact): { readonly owned: ReadonlyArray<bigint>; readonly told: bigint | undefined } => {
  switch (fact._tag) {
    case "Account":
    case "AccountCounts":
      return { owned: [fact.id], told: undefined }
    case "Post":
    case "Tombstone":
      return { owned: [fact.id, fact.author], told: undefined }
    case "Follow":
      return { owned: [fact.follower], told: fact.followee }
    case "Answer":
      return { owned: [fact.followee], told: fact.follower }
    case "Block":
      return { owned: [fact.account], told: fact.target }
    case "Like":
      return { owned: [fact.account], told: fact.post }
    case "Counts":
      return { owned: [], told: undefined }
  }
}

/** `foreign`: of an id that the origin does not own. `stray`: told to another datacenter than this one. */
export type Trespass = "foreign" | "stray"

/** Whether `origin` may say this here; undefined when it may. A count may be of any datacenter's post, but of no unknown one's. */
export const trespass = (datacenters: Datacenters.Datacenters, origin: number, fact: GossipFact): Trespass | undefined => {
  const { owned, told } = partsOf(fact)
  if (owned.some((id) => Datacenters.homeOf(datacenters, id) !== origin)) return "foreign"
  if (fact._tag === "Counts" && Datacenters.homeOf(datacenters, fact.post) === undefined) return "foreign"
  return told !== undefined && !Datacenters.isOwn(datacenters, told) ? "stray" : undefined
}
