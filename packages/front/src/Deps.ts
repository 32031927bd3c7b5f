/** What the routes of a front are made of; gathered once, at its start. */
import type { Bus } from "@rookery/bus/Bus"
import type { ShardDirectory } from "@rookery/protocol/ShardDirectory"
import type { AttachmentStore } from "@rookery/store/AttachmentStore"
import type { MediaStore } from "@rookery/store/MediaStore"
import type { AccountStore } from "@rookery/store/AccountStore"
import type { ClaimStore } from "@rookery/store/ClaimStore"
import type { ConversationStore } from "@rookery/store/ConversationStore"
import type { FollowStore } from "@rookery/store/FollowStore"
import type { IdSource } from "@rookery/store/IdSource"
import type { KeptStore } from "@rookery/store/KeptStore"
import type { ArrivalStore } from "@rookery/store/ArrivalStore"
import type { AudienceStore } from "@rookery/store/AudienceStore"
import type { ModerationStore } from "@rookery/store/ModerationStore"
import type { NotificationStore } from "@rookery/store/NotificationStore"
import type { OAuthStore } from "@rookery/store/OAuthStore"
import type { PostStore } from "@rookery/store/PostStore"
import type { RelationStore } from "@rookery/store/RelationStore"
import type { SearchStore } from "@rookery/store/SearchStore"
import type { SnapshotStore } from "@rookery/store/SnapshotStore"
import type { TopicStore } from "@rookery/store/TopicStore"
import type { ActorCalls } from "./ActorCalls.ts"
import type { World } from "./home/World.ts"
import type { Attempts } from "./oauth/Attempts.ts"
import type { Exhibits } from "./media/Exhibits.ts"
import type { Gallery } from "./media/Gallery.ts"
import type { HashGate } from "./oauth/HashGate.ts"
import type { Tokens } from "./oauth/Tokens.ts"
import type { Discovery } from "./read/Discovery.ts"
import type { AuthorPages } from "./read/AuthorPages.ts"
import type { Hydration } from "./read/Hydration.ts"
import type { PostSearch } from "./read/PostSearch.ts"
import type { Reader } from "./read/Reader.ts"
import type { Shunned } from "./read/Shunned.ts"
import type { Skeleton } from "./read/Skeleton.ts"
import type { TopicReads } from "./read/TopicReads.ts"
import type { Totals } from "./read/Totals.ts"
import type { Views } from "./read/Views.ts"
import type { FrontSettings } from "./Settings.ts"

export interface Deps {
  readonly settings: FrontSettings
  /** Undefined where there is only one datacenter. */
  readonly world: World | undefined
  readonly accounts: AccountStore["Service"]
  readonly claims: ClaimStore["Service"]
  readonly oauth: OAuthStore["Service"]
  readonly posts: PostStore["Service"]
  readonly follows: FollowStore["Service"]
  readonly relations: RelationStore["Service"]
  readonly shunned: Shunned
  readonly authorPages: AuthorPages
  readonly kept: KeptStore["Service"]
  readonly topics: TopicStore["Service"]
  readonly conversations: ConversationStore["Service"]
  readonly topicReads: TopicReads
  readonly notifications: NotificationStore["Service"]
  readonly audience: AudienceStore["Service"]
  readonly arrivals: ArrivalStore["Service"]
  readonly moderation: ModerationStore["Service"]
  readonly discovery: Discovery
  readonly postSearch: PostSearch
  readonly search: SearchStore["Service"]
  readonly attachments: AttachmentStore["Service"]
  readonly objects: MediaStore["Service"]
  readonly gallery: Gallery
  /** Which pictures are served. */
  readonly exhibits: Exhibits
  readonly views: Views
  readonly totals: Totals
  readonly snapshots: SnapshotStore["Service"]
  readonly ids: IdSource["Service"]
  readonly bus: Bus["Service"]
  readonly directory: ShardDirectory
  readonly calls: ActorCalls
  readonly hydration: Hydration
  readonly skeleton: Skeleton
  readonly reader: Reader
  readonly tokens: Tokens
  readonly hashGate: HashGate
  /** Logins that were tried, by account and by address. */
  readonly attempts: Attempts
  /** Whether the front is stopping and wants no new clients. */
  readonly isDraining: () => boolean
}
