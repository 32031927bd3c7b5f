/** Every store that has its truth in Postgres, from one pool. */
import { Layer } from "effect"
import { AccountStore } from "../AccountStore.ts"
import { ArrivalStore } from "../ArrivalStore.ts"
import { AttachmentStore } from "../AttachmentStore.ts"
import { AudienceStore } from "../AudienceStore.ts"
import { AuthorStore } from "../AuthorStore.ts"
import { ClaimStore } from "../ClaimStore.ts"
import { FollowStore } from "../FollowStore.ts"
import { LeaseStore } from "../LeaseStore.ts"
import { ModerationStore } from "../ModerationStore.ts"
import { NotificationStore } from "../NotificationStore.ts"
import { OAuthStore } from "../OAuthStore.ts"
import { OutboxStore } from "../OutboxStore.ts"
import { PostStore } from "../PostStore.ts"
import { RelationStore } from "../RelationStore.ts"
import { SearchStore } from "../SearchStore.ts"
import { TimelineStore } from "../TimelineStore.ts"
import { TrendStore } from "../TrendStore.ts"
import { ConversationStore } from "../ConversationStore.ts"
import { KeptStore } from "../KeptStore.ts"
import { TopicStore } from "../TopicStore.ts"
import * as Accounts from "./AccountStorePostgres.ts"
import * as Arrivals from "./ArrivalStorePostgres.ts"
import * as Attachments from "./AttachmentStorePostgres.ts"
import * as Audience from "./AudienceStorePostgres.ts"
import * as Authors from "./AuthorStorePostgres.ts"
import * as Claims from "./ClaimStorePostgres.ts"
import * as Follows from "./FollowStorePostgres.ts"
import * as Leases from "./LeaseStorePostgres.ts"
import * as Moderation from "./ModerationStorePostgres.ts"
import * as Notifications from "./NotificationStorePostgres.ts"
import * as OAuth from "./OAuthStorePostgres.ts"
import * as Outbox from "./OutboxStorePostgres.ts"
import * as Posts from "./PostStorePostgres.ts"
import * as Relations from "./RelationStorePostgres.ts"
import * as Search from "./SearchStorePostgres.ts"
import * as Timelines from "./TimelineStorePostgres.ts"
import * as Trends from "./TrendStorePostgres.ts"
import * as Conversations from "./ConversationStorePostgres.ts"
import * as Kept from "./KeptStorePostgres.ts"
import * as Topics from "./TopicStorePostgres.ts"

/** Needs the `SqlClient` of a pool (client.ts) on a database that was migrated. */
export const layer = Layer.mergeAll(
  Layer.effect(AccountStore, Accounts.make),
  Layer.effect(ArrivalStore, Arrivals.make),
  Layer.effect(AttachmentStore, Attachments.make),
  Layer.effect(AudienceStore, Audience.make),
  Layer.effect(AuthorStore, Authors.make),
  Layer.effect(ClaimStore, Claims.make),
  Layer.effect(FollowStore, Follows.make),
  Layer.effect(LeaseStore, Leases.make),
  Layer.effect(ModerationStore, Moderation.make),
  Layer.effect(NotificationStore, Notifications.make),
  Layer.effect(OAuthStore, OAuth.make),
  Layer.effect(OutboxStore, Outbox.make),
  Layer.effect(PostStore, Posts.make),
  Layer.effect(RelationStore, Relations.make),
  Layer.effect(TimelineStore, Timelines.make),
  Layer.effect(ConversationStore, Conversations.make),
  Layer.effect(KeptStore, Kept.make),
  Layer.effect(SearchStore, Search.make),
  Layer.effect(TrendStore, Trends.make),
  Layer.effect(TopicStore, Topics.make)
)
