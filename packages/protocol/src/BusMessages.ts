/** What processes tell each other outside the cluster. Every one is a hint: whoever misses it reads the truth again in time. */
import { Schema } from "effect"

/** A post changed (edit, count) or was deleted: copies of its rendering are stale. */
export const PostChanged = Schema.Struct({
  _tag: Schema.tag("PostChanged"),
  postIds: Schema.Array(Schema.String)
})

/** These accounts have a post more, new or from elsewhere: what is kept of their own timelines lacks it. */
export const AuthorsPosted = Schema.Struct({
  _tag: Schema.tag("AuthorsPosted"),
  accountIds: Schema.Array(Schema.String)
})

/** An operator's import brought posts, of whomever. */
export const Imported = Schema.Struct({ _tag: Schema.tag("Imported") })

/** An account's page, or whether it may act, changed. */
export const AccountChanged = Schema.Struct({
  _tag: Schema.tag("AccountChanged"),
  accountIds: Schema.Array(Schema.String)
})

/** What these accounts and others are to each other changed: blocks, mutes, whose reposts are wanted. */
export const RelationChanged = Schema.Struct({
  _tag: Schema.tag("RelationChanged"),
  accountIds: Schema.Array(Schema.String)
})

/** A token was revoked; the hash is hex. */
export const TokenRevoked = Schema.Struct({ _tag: Schema.tag("TokenRevoked"), tokenHash: Schema.String })

export const Invalidation = Schema.Union([PostChanged, AuthorsPosted, Imported, AccountChanged, RelationChanged, TokenRevoked])
export type Invalidation = typeof Invalidation.Type

/**
 * A post that streams of topics (domain/Topics.ts) or of conversations show was published, edited or deleted. `people` are
 * those who take part in a direct post, by account id.
 */
export const TopicEvent = Schema.Struct({
  kind: Schema.Literals(["update", "edit", "delete"]),
  postId: Schema.String,
  topics: Schema.Array(Schema.String),
  people: Schema.Array(Schema.String)
})
export type TopicEvent = typeof TopicEvent.Type

/** Subject of those, under the bus's prefix. */
export const topicSubject = "topics"

/** Subject of invalidations within one datacenter, under the bus's prefix. */
export const invalidationSubject = "invalidate"
