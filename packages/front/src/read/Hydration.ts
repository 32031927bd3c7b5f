/**
 * Step two of a read: ids become renderings that know no viewer. Posts and accounts are cached apart, so that
 * a new name or count of a person needs no new rendering of their posts.
 */
import { PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import * as Slots from "@rookery/domain/Slots"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Metrics from "@rookery/observe/Metrics"
import type { AccountStore } from "@rookery/store/AccountStore"
import type { PostStore } from "@rookery/store/PostStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import { type ApiError, notFound } from "../http/Errors.ts"
import type { Addresses } from "../render/Addresses.ts"
import * as Status from "../render/Status.ts"
import type { FrontSettings } from "../Settings.ts"
import * as Absent from "./Absent.ts"
import * as Contents from "./Contents.ts"
import * as FillCache from "./FillCache.ts"
import * as KeptPosts from "./KeptPosts.ts"
import * as PackedPosts from "./PackedPosts.ts"
import * as RenderedAccounts from "./RenderedAccounts.ts"

/** A post with its author and, for a wrapper, what it wraps. */
export interface Hydrated {
  readonly rendered: Status.RenderedPost
  readonly author: RenderedAccounts.RenderedAccount
  readonly inner: Hydrated | undefined
}

export interface Hydration {
  /** In order; undefined for a post that is gone, or a wrapper of one. */
  readonly posts: (ids: ReadonlyArray<bigint>) => Effect.Effect<ReadonlyArray<Hydrated | undefined>, StoreError>
  /** Whether a post is undefined only because its owner, or that of what it wraps, could not be asked just now. */
  readonly isAbsent: (id: bigint) => boolean
  /**
   * A post that an actor just answered with, rendered for this once: what is cached is read from the store. The write is done, so what
   * cannot be had now does not fail it: `before`, which the post is or wraps, stands in, and without one a wrapper goes out as a plain post.
   */
  readonly wrap: (post: Post, before?: Hydrated) => Effect.Effect<Hydrated, ApiError | StoreError>
  readonly accounts: (nos: ReadonlyArray<number>) => Effect.Effect<ReadonlyArray<RenderedAccounts.RenderedAccount | undefined>, StoreError>
  readonly dropPost: (id: bigint) => void
  readonly dropAccount: (id: bigint) => void
  /** The same by local number, which costs nothing. */
  readonly dropAccountNo: (no: number) => void
  /** A post was published just now: its author's counts are known without reading them. */
  readonly published: (post: Post) => void
  readonly clear: () => void
  /** Posts may have changed without a word: what is kept of them is loaded anew, little by little (Doubt.ts). */
  readonly doubtPosts: () => void
}

const batchMax = 500
/** What is asked meanwhile goes with the next query. Posts have a second, so that a large one does not hold up the small. */
const postLoadsMax = 2

/** An id as young as this may belong to a commit under way: that it is missing is not remembered. */
const youngMillis = 60_000

const rememberMissing = (millis: number) => (id: bigint): number =>
  Snowflake.millisOf(id) > Date.now() - youngMillis ? 0 : millis

type Limits = FrontSettings["limits"]

interface Loads {
  readonly contents: Contents.Contents
  readonly loadsMax: number
}

const makePosts = (
  { contents, loadsMax }: Loads,
  accounts: FillCache.FillCache<number, RenderedAccounts.RenderedAccount>,
  addresses: Addresses,
  limits: Limits
) => {
  const absent = Absent.make()
  const remember = rememberMissing(limits.missingMillis)
  const cache = FillCache.make<bigint, Status.RenderedPost>({
    bytesMax: limits.postCacheBytes,
    sizeOf: KeptPosts.sizeOf,
    keptAs: KeptPosts.keep,
    millis: limits.postMillis,
    missingMillis: (id) => absent.has(id) ? Absent.laterMillis : remember(id),
    slots: Slots.ofIds,
    batchMax,
    loadsMax,
    load: Effect.fnUntraced(function*(ids) {
      const { later, posts } = yield* contents.byIds(ids.map((id) => PostId.make(id)))
      const authors = yield* accounts.all(posts.map((post) => post.authorNo))
      const rendered = new Map<bigint, Status.RenderedPost>()
      posts.forEach((post, i) => {
        const author = authors[i]
        if (author !== undefined) rendered.set(post.id, Status.render(post, author.row.username, addresses))
      })
      absent.note(ids, later)
      return rendered
    }),
    behind: PackedPosts.make(limits.packedPostBytes, addresses),
    onHit: (count) => void (Metrics.renderCacheHits.value += count),
    onMiss: (count) => void (Metrics.renderCacheMisses.value += count)
  })
  return Effect.map(cache, (made): PostCache => ({ ...made, absent }))
}

type PostCache = Pick<FillCache.FillCache<bigint, Status.RenderedPost>, "all" | "invalidate" | "clear" | "doubt"> & { readonly absent: Absent.Absent }

/** Posts of others have a cache of their own: what is here never waits for an owner elsewhere. */
const parted = (near: PostCache, far: PostCache, isFar: (id: bigint) => boolean): PostCache => ({
  all: (ids) => {
    const there = ids.filter(isFar)
    if (there.length === 0) return near.all(ids)
    const here = ids.filter((id) => !isFar(id))
    return Effect.map(Effect.all([near.all(here), far.all(there)], { concurrency: 2 }), ([own, others]) => {
      let [nextOwn, nextOther] = [0, 0]
      return ids.map((id) => isFar(id) ? others[nextOther++] : own[nextOwn++])
    })
  },
  absent: far.absent,
  invalidate: (id) => isFar(id) ? far.invalidate(id) : near.invalidate(id),
  clear: () => {
    near.clear()
    far.clear()
  },
  doubt: () => {
    near.doubt()
    far.doubt()
  }
})

/** Questions to owners that are under way at once, each for many posts. */
const farLoadsMax = 16

/** Where posts of others come from. */
export interface Far {
  readonly contents: Contents.Contents
  readonly isFar: (id: bigint) => boolean
}

export const make = (
  stores: { readonly posts: PostStore["Service"]; readonly accounts: AccountStore["Service"] },
  addresses: Addresses,
  limits: Limits,
  far?: Far
): Effect.Effect<Hydration> =>
  Effect.gen(function*() {
    const accounts = yield* RenderedAccounts.make(stores.accounts, addresses, limits)
    const here = Contents.alone(stores.posts)
    const near = yield* makePosts({ contents: here, loadsMax: postLoadsMax }, accounts, addresses, limits)
    const posts = far === undefined
      ? near
      : parted(near, yield* makePosts({ contents: far.contents, loadsMax: farLoadsMax }, accounts, addresses, limits), far.isFar)
    const { fill } = far?.contents ?? here
    const withAuthors = (outer: ReadonlyArray<Status.RenderedPost | undefined>, inner: Targets) => {
      const nos: Array<number> = []
      for (const rendered of outer) if (rendered !== undefined) nos.push(rendered.authorNo)
      for (const rendered of inner.values()) if (rendered !== undefined) nos.push(rendered.authorNo)
      return Effect.map(accounts.all(nos), (authors) => join(outer, inner, authors))
    }

    return {
      posts: (ids) =>
        Effect.flatMap(posts.all(ids), (outer) => {
          const targets = targetsOf(outer)
          if (targets.length === 0) return withAuthors(outer, noTargets)
          return Effect.flatMap(posts.all(targets), (inner) => {
            for (const rendered of outer) if (rendered !== undefined && rendered.repostOf !== null) posts.absent.noteWrapper(rendered.id, rendered.repostOf)
            return withAuthors(outer, new Map(targets.map((id, i) => [id, inner[i]])))
          })
        }),
      wrap: Effect.fnUntraced(function*(answered, before) {
        const post = withContentOf(yield* fill(answered), before)
        const [author] = yield* accounts.all([post.authorNo])
        if (author === undefined) return yield* Effect.fail(notFound())
        const rendered = (one: Post) => Status.render(one, author.row.username, addresses)
        if (post.repostOf === null) return { rendered: rendered(post), author, inner: undefined }
        const [target = before?.rendered] = yield* posts.all([post.repostOf])
        const [item] = yield* withAuthors([rendered(post)], new Map([[post.repostOf, target]]))
        return item ?? { rendered: rendered({ ...post, repostOf: null }), author, inner: undefined }
      }),
      accounts: accounts.all,
      isAbsent: posts.absent.has,
      dropPost: posts.invalidate,
      dropAccountNo: accounts.invalidate,
      published: (post) =>
        accounts.change(post.authorNo, ({ row }) => RenderedAccounts.withPost(row, post, addresses)),
      dropAccount: (id) => accounts.invalidateWhere(({ row }) => row.id === id),
      clear: () => {
        posts.clear()
        accounts.clear()
      },
      doubtPosts: posts.doubt
    }
  })

const withContentOf = (post: Post, before: Hydrated | undefined): Post =>
  before === undefined || before.rendered.id !== post.id ? post : Contents.filled(post, before.rendered.post)

/** What wrappers wrap, by id. */
type Targets = ReadonlyMap<bigint, Status.RenderedPost | undefined>

const noTargets: Targets = new Map()

const targetsOf = (outer: ReadonlyArray<Status.RenderedPost | undefined>): Array<bigint> => {
  const targets: Array<bigint> = []
  for (const rendered of outer) {
    if (rendered !== undefined && rendered.repostOf !== null) targets.push(rendered.repostOf)
  }
  return targets
}

const noInner: ReadonlyMap<bigint, Hydrated | undefined> = new Map()

const joinOne = (
  rendered: Status.RenderedPost,
  author: RenderedAccounts.RenderedAccount | undefined,
  targets: ReadonlyMap<bigint, Hydrated | undefined>
): Hydrated | undefined => {
  const { repostOf } = rendered
  if (author === undefined) return undefined
  if (repostOf === null) return { rendered, author, inner: undefined }
  const inner = targets.get(repostOf)
  return inner === undefined ? undefined : { rendered, author, inner }
}

/** `authors` are of those of `outer` that are there, then of those of `inner`, in order. */
const join = (
  outer: ReadonlyArray<Status.RenderedPost | undefined>,
  inner: Targets,
  authors: ReadonlyArray<RenderedAccounts.RenderedAccount | undefined>
): Array<Hydrated | undefined> => {
  let next = outer.reduce((count, rendered) => rendered === undefined ? count : count + 1, 0)
  const targets = inner.size === 0 ? noInner : new Map(Array.from(inner, ([id, rendered]) =>
    [id, rendered && joinOne(rendered, authors[next++], noInner)] as const))
  next = 0
  return outer.map((rendered) => rendered && joinOne(rendered, authors[next++], targets))
}
