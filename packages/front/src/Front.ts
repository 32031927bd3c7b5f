/** The front: serves the API over HTTP and WebSocket until its scope closes. Holds nothing that it could not lose. */
import { Bus } from "@rookery/bus/Bus"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { AttachmentStore } from "@rookery/store/AttachmentStore"
import { MediaStore } from "@rookery/store/MediaStore"
import { AccountStore } from "@rookery/store/AccountStore"
import { ClaimStore } from "@rookery/store/ClaimStore"
import { ConversationStore } from "@rookery/store/ConversationStore"
import { FollowStore } from "@rookery/store/FollowStore"
import { IdSource } from "@rookery/store/IdSource"
import { KeptStore } from "@rookery/store/KeptStore"
import { ArrivalStore } from "@rookery/store/ArrivalStore"
import { AudienceStore } from "@rookery/store/AudienceStore"
import { ModerationStore } from "@rookery/store/ModerationStore"
import { NotificationStore } from "@rookery/store/NotificationStore"
import { OAuthStore } from "@rookery/store/OAuthStore"
import { PostStore } from "@rookery/store/PostStore"
import { RelationStore } from "@rookery/store/RelationStore"
import { SearchStore } from "@rookery/store/SearchStore"
import { SnapshotStore } from "@rookery/store/SnapshotStore"
import { TimelineStore } from "@rookery/store/TimelineStore"
import { TopicStore } from "@rookery/store/TopicStore"
import { TrendStore } from "@rookery/store/TrendStore"
import { Effect, Stream } from "effect"
import * as ActorCalls from "./ActorCalls.ts"
import type { Deps } from "./Deps.ts"
import * as Homes from "./home/Homes.ts"
import { farHomeOf, type World } from "./home/World.ts"
import * as ClientAddress from "./http/ClientAddress.ts"
import * as Handle from "./http/Handle.ts"
import * as RouteMetrics from "./http/RouteMetrics.ts"
import * as Router from "./http/Router.ts"
import * as Upload from "./http/Upload.ts"
import * as Server from "./http/Server.ts"
import * as Invalidations from "./Invalidations.ts"
import * as Live from "./live/Live.ts"
import * as Exhibits from "./media/Exhibits.ts"
import * as Gallery from "./media/Gallery.ts"
import * as Attempts from "./oauth/Attempts.ts"
import * as HashGate from "./oauth/HashGate.ts"
import * as Tokens from "./oauth/Tokens.ts"
import * as AuthorPages from "./read/AuthorPages.ts"
import * as Discovery from "./read/Discovery.ts"
import * as Contents from "./read/Contents.ts"
import * as Hydration from "./read/Hydration.ts"
import * as Marks from "./read/Marks.ts"
import * as PostSearch from "./read/PostSearch.ts"
import * as Reader from "./read/Reader.ts"
import * as Shunned from "./read/Shunned.ts"
import * as Skeleton from "./read/Skeleton.ts"
import * as TopicReads from "./read/TopicReads.ts"
import * as Totals from "./read/Totals.ts"
import * as Views from "./read/Views.ts"
import * as Addresses from "./render/Addresses.ts"
import { routes } from "./routes/all.ts"
import type { FrontSettings } from "./Settings.ts"

/** How long a page waits for contents of posts elsewhere, in milliseconds. */
const contentWaitMillis = 1_500

const farPosts = (posts: PostStore["Service"], world: World | undefined) => {
  if (world?.copies === undefined) return Effect.succeed(undefined)
  const { copies, datacenters } = world
  return Effect.map(Contents.make({ datacenters, copies, posts, waitMillis: contentWaitMillis }), (contents): Hydration.Far => ({
    contents,
    isFar: (id) => farHomeOf(world, id) !== undefined
  }))
}

/** Everything that the routes need, from the services around. */
const gather = (settings: FrontSettings, world: World | undefined, draining: { value: boolean }) =>
  Effect.gen(function*() {
    const { limits, publicUrl } = settings
    const accounts = yield* AccountStore
    const oauth = yield* OAuthStore
    const posts = yield* PostStore
    const follows = yield* FollowStore
    const relations = yield* RelationStore
    const kept = yield* KeptStore
    const attachments = yield* AttachmentStore
    const objects = yield* MediaStore
    const ids = yield* IdSource
    const shunned = yield* Shunned.make(relations)
    const directory = yield* ShardDirectory.make
    const calls = yield* ActorCalls.make(directory, limits)
    const hydration = yield* Hydration.make({ posts, accounts }, settings, limits, yield* farPosts(posts, world))
    const reader = Reader.make(hydration, yield* Marks.make(posts, shunned), { follows, shunned })
    const topics = yield* TopicStore
    const search = yield* SearchStore
    const deps: Deps = {
      settings,
      world,
      accounts,
      claims: yield* ClaimStore,
      oauth,
      posts,
      follows,
      relations,
      shunned,
      authorPages: yield* AuthorPages.make(yield* TimelineStore, limits.authorPageBytes, limits.authorPageMillis),
      kept,
      views: yield* Views.make(kept, limits.viewsMillis),
      totals: Totals.make(accounts),
      topics,
      search,
      discovery: yield* Discovery.make({ search, topics, trends: yield* TrendStore }, publicUrl, limits),
      postSearch: PostSearch.make(search, reader, limits.searchMillisMax, () => performance.now()),
      conversations: yield* ConversationStore,
      topicReads: yield* TopicReads.make(calls, directory),
      notifications: yield* NotificationStore,
      audience: yield* AudienceStore,
      attachments,
      objects,
      gallery: Gallery.make({ attachments, objects, ids }, limits),
      exhibits: yield* Exhibits.make(attachments, hydration, world?.datacenters),
      arrivals: yield* ArrivalStore,
      moderation: yield* ModerationStore,
      snapshots: yield* SnapshotStore,
      ids,
      bus: yield* Bus,
      directory,
      calls,
      hydration,
      skeleton: yield* Skeleton.make(calls),
      reader,
      tokens: yield* Tokens.make({ oauth, accounts }, limits.tokensCached, limits.tokenMillis),
      attempts: Attempts.make(limits.loginWindowMillis, limits.loginKeysMax),
      hashGate: HashGate.make(limits.passwordHashesAtOnce, limits.passwordHashesWaiting),
      isDraining: () => draining.value
    }
    return deps
  })

/**
 * Starts serving; answers the address, with the port that was taken. When the scope closes: `/ready` says no, streams
 * are told to come back, requests in flight end, and then the connections do. `world` is there when this datacenter is
 * not the only one; `ended` says of each process that it may have ended before it announced what it changed.
 */
export const serve = (settings: FrontSettings, world?: World, ended: Stream.Stream<unknown> = Stream.never) =>
  Effect.gen(function*() {
    const draining = { value: false }
    const deps = yield* gather(Addresses.among(settings, world), world, draining)
    const addressOf = ClientAddress.make(settings.trustedProxies ?? [])
    const elsewhere = world === undefined ? undefined : yield* Homes.make(deps, world, addressOf)
    const homes = elsewhere?.homes
    const handle = Handle.make({
      elsewhere: homes,
      router: Router.make(routes(deps)),
      tokens: deps.tokens,
      addressOf,
      metrics: RouteMetrics.make(),
      bodyBytesMax: settings.limits.bodyBytesMax,
      uploads: Upload.make({
        fileBytesMax: settings.limits.uploadBytesMax,
        fieldBytesMax: settings.limits.bodyBytesMax,
        bufferedBytesMax: settings.limits.uploadsBufferedMax
      }),
      requestsInFlightMax: settings.limits.requestsInFlightMax,
      requestMillisMax: settings.limits.requestMillisMax,
      requestAwayMillisMax: settings.limits.requestAwayMillisMax,
      uploadMillisMax: settings.limits.uploadMillisMax
    }, yield* Effect.context<never>())
    const live = yield* Live.make(deps)
    const server = Server.make(handle, settings.limits, (request, response) =>
      homes?.takesStream(request, response) === true || live.takes(request, response))
    const listening = yield* Server.listen(server, handle, settings.host, settings.port, settings.limits)
    yield* live.attach(server, homes?.takesUpgrade)
    if (elsewhere !== undefined) yield* Effect.addFinalizer(() => elsewhere.drain)
    const { authorPages, hydration, shunned, tokens } = deps
    yield* Invalidations.listen(deps.bus, { hydration, authorPages, tokens, shunned, streams: live.check })
    yield* Invalidations.doubt(ended, hydration)
    yield* Effect.addFinalizer(() => Effect.sync(() => void (draining.value = true)))
    return listening
  })
