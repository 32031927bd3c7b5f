/** A post as the database holds it, and what a person asks for when they write one. */
import { Schema } from "effect"
import { AccountId, LocalNo, MediaId, PostId } from "./Ids.ts"
import { Media } from "./Media.ts"

/** Who may see a post; the names are the client API's, the order is the database's number. */
export const visibilities = ["public", "unlisted", "private", "direct"] as const
export const Visibility = Schema.Literals(visibilities)
export type Visibility = typeof Visibility.Type

/** The number that the database keeps for a visibility. */
export const visibilityNumber = (visibility: Visibility): number => visibilities.indexOf(visibility)

/** What a person asks to be published. `repostOf` makes a wrapper, which has no text of its own. */
export const PostDraft = Schema.Struct({
  text: Schema.String,
  spoiler: Schema.String,
  sensitive: Schema.Boolean,
  visibility: Visibility,
  language: Schema.NullOr(Schema.String),
  replyTo: Schema.NullOr(PostId),
  repostOf: Schema.NullOr(PostId),
  /** Names of those mentioned, as in PostParts.namesOf; the unknown among them are ignored. */
  mentions: Schema.optionalKey(Schema.Array(Schema.String)),
  /** In order; all must be the author's, and in no post. */
  media: Schema.optionalKey(Schema.Array(MediaId))
})
export type PostDraft = typeof PostDraft.Type

/** The posts that have another counter when this one comes or goes. */
export const parentsOf = ({ replyTo, repostOf }: Pick<PostDraft, "replyTo" | "repostOf">): ReadonlyArray<PostId> =>
  [replyTo, repostOf].filter((id) => id !== null)

/** Somebody whom a post mentions; the name is as its owner writes it. */
export const Mention = Schema.Struct({ id: AccountId, username: Schema.String })
export type Mention = typeof Mention.Type

/** A post row with its counters. Times are milliseconds since 1970; the time of creation is in the id. */
export const Post = Schema.Struct({
  id: PostId,
  author: AccountId,
  authorNo: LocalNo,
  text: Schema.String,
  spoiler: Schema.String,
  sensitive: Schema.Boolean,
  visibility: Visibility,
  language: Schema.NullOr(Schema.String),
  replyTo: Schema.NullOr(PostId),
  replyToAuthor: Schema.NullOr(AccountId),
  repostOf: Schema.NullOr(PostId),
  editedAt: Schema.NullOr(Schema.Number),
  /** Rises with every edit; the writer of an edit names the one it knew. */
  version: Schema.Int,
  likes: Schema.Int,
  reposts: Schema.Int,
  replies: Schema.Int,
  bookmarks: Schema.Int,
  /** On its author's profile. */
  pinned: Schema.Boolean,
  mentions: Schema.Array(Mention),
  /** In order. */
  media: Schema.Array(Media),
  /** Set when only the announcement is here: texts are empty, names of those mentioned too; the owner has them. */
  absent: Schema.optionalKey(Schema.Literal(true))
})
export type Post = typeof Post.Type

/** Whether followers find the post in their home timelines. A direct post reaches its author only. */
export const reachesFollowers = (visibility: Visibility): boolean => visibility !== "direct"
