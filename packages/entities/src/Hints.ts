/** Invalidations for the fronts. A hint that cannot be sent is logged: copies that miss it run out by themselves. */
import type { Bus } from "@rookery/bus/Bus"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import * as Topics from "@rookery/domain/Topics"
import * as BusMessages from "@rookery/protocol/BusMessages"
import { Effect, Schema } from "effect"

const encode = Schema.encodeSync(Schema.fromJsonString(BusMessages.Invalidation))
const encodeTopic = Schema.encodeSync(Schema.fromJsonString(BusMessages.TopicEvent))
const utf8 = new TextEncoder()

const announce = (bus: Bus["Service"], message: BusMessages.Invalidation): Effect.Effect<void> =>
  Effect.suspend(() => bus.publish(BusMessages.invalidationSubject, utf8.encode(encode(message)))).pipe(
    Effect.catch((error) => Effect.logWarning("a change could not be announced", error))
  )

export const postsChanged = (bus: Bus["Service"], ids: ReadonlyArray<PostId>): Effect.Effect<void> =>
  announce(bus, { _tag: "PostChanged", postIds: ids.map(String) })

export const authorsPosted = (bus: Bus["Service"], authors: ReadonlyArray<AccountId>): Effect.Effect<void> =>
  announce(bus, { _tag: "AuthorsPosted", accountIds: authors.map(String) })

export const imported = (bus: Bus["Service"]): Effect.Effect<void> => announce(bus, { _tag: "Imported" })

export const accountsChanged = (bus: Bus["Service"], accounts: ReadonlyArray<AccountId>): Effect.Effect<void> =>
  announce(bus, { _tag: "AccountChanged", accountIds: accounts.map(String) })

export const relationsChanged = (bus: Bus["Service"], accounts: ReadonlyArray<AccountId>): Effect.Effect<void> =>
  announce(bus, { _tag: "RelationChanged", accountIds: accounts.map(String) })

/** Tells the streams of topics, or of those who take part, of a post. */
export const toStreams = (bus: Bus["Service"], event: BusMessages.TopicEvent): Effect.Effect<void> =>
  Effect.suspend(() => bus.publish(BusMessages.topicSubject, utf8.encode(encodeTopic(event)))).pipe(
    Effect.catch((error) => Effect.logWarning("streams could not be told of a post", error))
  )

/** The same of a post whose text is here; nothing for a post that is on neither. */
export const topicEvent = (bus: Bus["Service"], kind: BusMessages.TopicEvent["kind"], post: Post): Effect.Effect<void> => {
  const topics = Topics.of(post)
  const people = post.visibility === "direct" ? [post.author, ...post.mentions.map((mention) => mention.id)].map(String) : []
  return topics.length === 0 && people.length === 0
    ? Effect.void
    : toStreams(bus, { kind, postId: String(post.id), topics, people })
}
