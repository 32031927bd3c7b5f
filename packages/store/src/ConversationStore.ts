/** Conversations: threads of direct posts, as each of those who take part has them. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import { Context, type Effect } from "effect"
import type { CursorQuery } from "./FollowStore.ts"
import type { StoreError } from "./StoreError.ts"

export interface Conversation {
  readonly id: bigint
  readonly account: AccountId
  /** The others, without the one whose conversation it is. */
  readonly people: ReadonlyArray<AccountId>
  readonly lastPost: PostId
  readonly unread: boolean
}

export class ConversationStore extends Context.Service<ConversationStore, {
  /** Latest first; pages go by the last post. */
  readonly list: (account: AccountId, query: CursorQuery) => Effect.Effect<ReadonlyArray<Conversation>, StoreError>
  /** Direct posts of all of an account's conversations, newest first; shorter than its limit only at the true end. */
  readonly posts: (account: AccountId, query: PageQuery) => Effect.Effect<ReadonlyArray<PostId>, StoreError>
  /** Of those who take part in a direct post, as they stand now. */
  readonly ofPost: (post: PostId, accounts: ReadonlyArray<AccountId>) => Effect.Effect<ReadonlyArray<Conversation>, StoreError>
  /** Undefined when the account has no such conversation. */
  readonly markRead: (account: AccountId, id: bigint) => Effect.Effect<Conversation | undefined, StoreError>
  /** Takes it off the account's list, until there is a new post in it; false when there is none. */
  readonly remove: (account: AccountId, id: bigint) => Effect.Effect<boolean, StoreError>
}>()("rookery/store/ConversationStore") {}
