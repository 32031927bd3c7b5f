/**
 * Contents of posts that another datacenter owns: from the copies of this datacenter, else through the desk that asks the owner once for
 * everybody. What cannot be had in time is left absent, and asked for again soon.
 */
import type { Content } from "@rookery/domain/Content"
import * as Datacenters from "@rookery/domain/Datacenters"
import { PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import * as Metrics from "@rookery/observe/Metrics"
import { ContentDesk, idOf } from "@rookery/protocol/ContentDesk"
import * as Protocol from "@rookery/protocol/Contents"
import type { Copy, CopyStore } from "@rookery/store/CopyStore"
import type { PostStore } from "@rookery/store/PostStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"

export interface Contents {
  /** Posts with their contents; `later` are those whose content could not be had now. */
  readonly byIds: (ids: ReadonlyArray<PostId>) => Effect.Effect<{ readonly posts: ReadonlyArray<Post>; readonly later: ReadonlyArray<bigint> }, StoreError>
  /** A post that an actor answered with, with its content if it can be had. */
  readonly fill: (post: Post) => Effect.Effect<Post>
}

export interface Around {
  readonly datacenters: Datacenters.Datacenters
  readonly copies: CopyStore["Service"]
  readonly posts: PostStore["Service"]
  /** How long a page waits for contents, in milliseconds. */
  readonly waitMillis: number
}

/** An announced post with its content; any other as it is. */
export const filled = (announced: Post, { language, media, mentions, spoiler, text, version }: Content): Post => {
  const { absent, ...post } = announced
  return absent === true ? { ...post, language, media, mentions, spoiler, text, version } : announced
}

type Found = ReadonlyMap<PostId, Copy>
const none: Found = new Map()

const isEnough = (copy: Copy | undefined, { version }: Protocol.Want): copy is Copy =>
  copy !== undefined && (copy === "missing" || copy.version >= version)

const desksOf = (around: Around, wants: ReadonlyArray<Protocol.Want>): ReadonlyMap<string, ReadonlyArray<Protocol.Want>> => {
  const desks = Map.groupBy(wants, ({ id }) => {
    const home = Datacenters.homeOf(around.datacenters, id)
    return home === undefined || home === around.datacenters.own ? "" : idOf(home, id)
  })
  desks.delete("")
  return desks
}

export const make = (around: Around) =>
  Effect.gen(function*() {
    const { copies, posts, waitMillis } = around
    const desk = yield* ContentDesk.client

    const askDesk = (id: string, wants: ReadonlyArray<Protocol.Want>): Effect.Effect<ReadonlyArray<readonly [PostId, Copy]>> =>
      desk(id).Fetch({ wants: Protocol.encodeWants(wants) }).pipe(
        Effect.map((bytes) => {
          const { contents, later } = Protocol.decodeAnswer(bytes)
          const told = new Map<PostId, Copy>(contents.map((content) => [content.id, content]))
          for (const want of wants) if (!told.has(want.id) && !later.includes(want.id)) told.set(want.id, "missing")
          return [...told]
        }),
        Effect.timeout(waitMillis),
        Effect.catch((error) => Effect.as(Effect.logDebug("contents are left out for now", error), []))
      )

    /** Desks are asked side by side, each within the wait. */
    const askDesks = (wants: ReadonlyArray<Protocol.Want>) => {
      const parts = [...desksOf(around, wants)].flatMap(([id, own]) =>
        Array.from({ length: Math.ceil(own.length / Protocol.wantsMax) }, (_, i) =>
          [id, own.slice(i * Protocol.wantsMax, (i + 1) * Protocol.wantsMax)] as const))
      return Effect.map(
        Effect.forEach(parts, ([id, own]) => askDesk(id, own), { concurrency: "unbounded" }),
        (answers): Found => new Map(answers.flat())
      )
    }

    const find = (wants: ReadonlyArray<Protocol.Want>): Effect.Effect<Found> =>
      Effect.gen(function*() {
        if (wants.length === 0) return none
        const kept = yield* Effect.catch(copies.get(wants.map(({ id }) => id)), () => Effect.succeed(none))
        const rest = wants.filter((want) => !isEnough(kept.get(want.id), want))
        Metrics.contentHits.value += wants.length - rest.length
        Metrics.contentMisses.value += rest.length
        return rest.length === 0 ? kept : new Map([...kept, ...(yield* askDesks(rest))])
      })

    /** Posts of others that are not known here at all, and did not end here. */
    const unknownAmong = (ids: ReadonlyArray<PostId>, found: ReadonlyArray<Post>) =>
      Effect.gen(function*() {
        const known = new Set(found.map((post) => post.id))
        const far = ids.filter((id) => {
          const home = Datacenters.homeOf(around.datacenters, id)
          return !known.has(id) && home !== undefined && home !== around.datacenters.own
        })
        if (far.length === 0) return []
        const ended = new Set(yield* posts.deletedAmong(far))
        return far.filter((id) => !ended.has(id))
      })

    const merge = (found: ReadonlyArray<Post>, contents: Found): ReadonlyArray<Post> =>
      found.map((post) => {
        const copy = post.absent === true ? contents.get(post.id) : undefined
        return copy !== undefined && copy !== "missing" && copy.version >= post.version ? filled(post, copy) : post
      })

    /** A wrapper has no text that could be absent. */
    const wantsOf = (found: ReadonlyArray<Post>) =>
      found.filter((post) => post.absent === true && post.repostOf === null).map(({ id, version }) => ({ id, version }))

    const byIds: Contents["byIds"] = (ids) =>
      Effect.gen(function*() {
        const found = yield* posts.byIds(ids)
        const unknown = yield* unknownAmong(ids, found)
        const wants = [...wantsOf(found), ...unknown.map((id) => ({ id, version: 0 }))]
        if (wants.length === 0) return { posts: found, later: [] }
        const contents = yield* find(wants)
        // What the owner told of them stands as rows by now.
        const come = unknown.filter((id) => typeof contents.get(id) === "object")
        const all = merge(come.length === 0 ? found : [...found, ...(yield* posts.byIds(come))], contents)
        const there = new Set<bigint>(all.filter((post) => post.absent !== true || post.repostOf !== null).map((post) => post.id))
        const later = wants.map(({ id }) => id).filter((id) => !there.has(id) && contents.get(id) !== "missing")
        Metrics.contentAbsent.value += later.length
        return { posts: all.filter((post) => there.has(post.id)), later }
      })

    const fill: Contents["fill"] = (post) =>
      post.absent !== true ? Effect.succeed(post) : Effect.map(find(wantsOf([post])), (contents) => merge([post], contents)[0]!)

    const contents: Contents = { byIds, fill }
    return contents
  })

/** Where there is one datacenter, everything is here. */
export const alone = (posts: PostStore["Service"]): Contents => ({
  byIds: (ids) => Effect.map(posts.byIds(ids.map((id) => PostId.make(id))), (found) => ({ posts: found, later: [] })),
  fill: Effect.succeed
})
