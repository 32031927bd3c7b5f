/** Carries out one planned operation: tells the actor, then the oracle, then checks what its maker must see at once. */
import type { PostId } from "@rookery/domain/Ids"
import type { PostDraft } from "@rookery/domain/Post"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import * as Oracle from "@rookery/testkit/Oracle"
import { Effect } from "effect"
import type { Operation } from "./plan.ts"
import { broken, changingPair, readPage, withPair, type World } from "./world.ts"

type Of<Tag extends Operation["_tag"]> = Extract<Operation, { readonly _tag: Tag }>

export const newest = (limit: number): PageQuery => ({ maxId: undefined, sinceId: 0n, minId: 0n, limit })

const draftOf = (operation: Of<"Publish">, replyTo: PostId | null, repostOf: PostId | null): PostDraft => ({
  text: repostOf === null ? `post ${operation.post}` : "",
  spoiler: "",
  sensitive: false,
  visibility: operation.visibility,
  language: null,
  replyTo,
  repostOf
})

/** The post of that number; undefined when it never came to be, as a reply to a post that was deleted meanwhile. */
const postOf = (world: World, post: number | null): PostId | null | undefined => post === null ? null : world.posts[post]

/** Answers and reposts depend on what the author of the other post is to their maker. */
const publish = (world: World, operation: Of<"Publish">) =>
  Effect.suspend(() => {
    const by = world.people[operation.by]!
    const about = authorOf(world, operation.replyTo ?? operation.repostOf)
    return about === undefined || about === by.id ? publishNow(world, operation) : withPair(world, by.id, about, publishNow(world, operation))
  })

const authorOf = (world: World, post: number | null): bigint | undefined => {
  const id = postOf(world, post)
  return id === null || id === undefined ? undefined : world.oracle.posts.get(id)?.author
}

const publishNow = (world: World, operation: Of<"Publish">) =>
  Effect.gen(function*() {
    const by = world.people[operation.by]!
    const replyTo = postOf(world, operation.replyTo)
    const repostOf = postOf(world, operation.repostOf)
    if (replyTo === undefined || repostOf === undefined) return
    const key = `${world.run}:${operation.post}`
    const draft = draftOf(operation, replyTo, repostOf)
    const post = yield* world.client.publish(by.id, key, draft)
    // A repost that stands already is answered with the wrapper that it made.
    if (!world.oracle.posts.has(post.id)) Oracle.publish(world.oracle, { ...post, repostOf, replyTo })
    world.posts[operation.post] = post.id
    if (operation.again) {
      const repeated = yield* world.client.publish(by.id, key, draft)
      if (repeated.id !== post.id) yield* broken("a request key publishes once", { key, first: post.id, second: repeated.id })
    }
    if (isSettled(world, post.id) || !isShownTo(world, by.id, post.id)) return
    const page = yield* readPage(world, by, { ...newest(1), maxId: post.id + 1n })
    if (page[0]?.id !== post.id && !isSettled(world, post.id) && isShownTo(world, by.id, post.id)) {
      yield* broken("one's own post is in one's timeline at once (I6)", { by: by.id, post: post.id, page: page.map(({ id }) => id) })
    }
  }).pipe(
    Effect.catchTag("NotFound", (error) => {
      const missing = [operation.replyTo, operation.repostOf].some((about) => about !== null && isSettled(world, world.posts[about]))
      const about = authorOf(world, operation.replyTo ?? operation.repostOf)
      const isBarred = about !== undefined && Oracle.isBlocked(world.oracle, world.people[operation.by]!.id, about)
      return missing || isBarred ? Effect.void : Effect.fail(error)
    })
  )

/** Whether a post, or what it reposts, is being deleted. */
const isSettled = (world: World, id: bigint | undefined): boolean => {
  if (id === undefined || world.leaving.has(id)) return true
  const original = world.oracle.posts.get(id)?.repostOf ?? null
  return original !== null && world.leaving.has(original)
}

/** A wrapper of somebody hidden is in no home timeline, not even its maker's. */
const isShownTo = (world: World, reader: bigint, id: bigint): boolean => {
  const post = world.oracle.posts.get(id)
  return post !== undefined && Oracle.isEntitled(world.oracle, reader, post)
}

const follow = (world: World, { by, followee, following }: Of<"Follow">) => {
  const reader = world.people[by]!
  const other = world.people[followee]!
  const change = Effect.gen(function*() {
    yield* world.client.setFollow(reader.id, other.id, following)
    Oracle.setFollow(world.oracle, reader.id, other.id, following)
    if (!following) {
      for (const [id, author] of reader.seen) if (author === other.id) reader.seen.delete(id)
    }
  }).pipe(
    Effect.catchTag("Refused", (error) =>
      Oracle.isBlocked(world.oracle, reader.id, other.id) ? Effect.void : Effect.fail(error))
  )
  return Effect.andThen(changingPair(world, reader.id, other.id, change), readPage(world, reader, newest(40)))
}

const block = (world: World, { blocked, by, other }: Of<"Block">) => {
  const [one, two] = [world.people[by]!, world.people[other]!]
  const change = Effect.andThen(
    world.client.setBlock(one.id, two.id, blocked),
    Effect.sync(() => Oracle.setBlock(world.oracle, one.id, two.id, blocked))
  )
  return Effect.andThen(
    changingPair(world, one.id, two.id, change),
    Effect.forEach([one, two], (reader) => readPage(world, reader, newest(40)), { discard: true })
  )
}

const mute = (world: World, { by, muted, other }: Of<"Mute">) => {
  const [one, two] = [world.people[by]!, world.people[other]!]
  const change = Effect.andThen(
    world.client.setMute(one.id, two.id, muted),
    Effect.sync(() => Oracle.setMute(world.oracle, one.id, two.id, muted))
  )
  return Effect.andThen(changingPair(world, one.id, two.id, change), readPage(world, one, newest(40)))
}

const remove = (world: World, operation: Of<"Delete">) =>
  Effect.gen(function*() {
    const by = world.people[operation.by]!
    const id = world.posts[operation.post]
    if (id === undefined) return
    const mayBeGone = isSettled(world, id)
    world.leaving.add(id)
    yield* Effect.catchTag(world.client.remove(by.id, id), "NotFound", () =>
      mayBeGone ? Effect.void : broken("a deletion is answered, also when the answer to its first attempt was lost", { id }))
    Oracle.remove(world.oracle, id)
    yield* readPage(world, by, { ...newest(5), maxId: id + 1n })
  })

const edit = (world: World, operation: Of<"Edit">) =>
  Effect.gen(function*() {
    const id = world.posts[operation.post]
    if (id === undefined) return
    const change = { text: operation.text, spoiler: "", sensitive: false, language: null }
    const edited = yield* world.client.edit(world.people[operation.by]!.id, id, change)
    if (edited.text !== operation.text) yield* broken("an edit answers the new text", { id, text: edited.text })
    Oracle.edit(world.oracle, id, operation.text)
  })

const like = (world: World, operation: Of<"Like">) =>
  Effect.gen(function*() {
    const id = world.posts[operation.post]
    if (id === undefined) return
    const by = world.people[operation.by]!
    const author = world.oracle.posts.get(id)!.author
    yield* withPair(world, by.id, author, Effect.gen(function*() {
      yield* world.client.setLike(by.id, id, operation.liked)
      // A front would not have let it through; the store does not take it.
      if (operation.liked && Oracle.isBlocked(world.oracle, by.id, author)) return
      Oracle.setLike(world.oracle, by.id, id, operation.liked)
    }))
  }).pipe(
    Effect.catchTag("NotFound", (error) => isSettled(world, world.posts[operation.post]) ? Effect.void : Effect.fail(error))
  )

const setOverride = (world: World, { by, override }: Of<"Override">) =>
  Effect.gen(function*() {
    const { id } = world.people[by]!
    yield* world.client.setOverride(id, override)
    world.overrides.set(id, override)
  })

/** A page of the kind, anchored at a share of the whole timeline; now and then at an id that is in none. */
export const queryOf = (timeline: ReadonlyArray<bigint>, kind: Of<"Read">["kind"], limit: number, anchor: number): PageQuery => {
  const at = timeline[Math.floor(anchor * timeline.length)]
  if (at === undefined || kind === "newest") return newest(limit)
  const id = anchor < 0.2 ? at + 1n : at
  switch (kind) {
    case "below":
      return { ...newest(limit), maxId: id }
    case "since":
      return { ...newest(limit), sinceId: id }
    case "above":
      return { ...newest(limit), minId: id }
  }
}

export const perform = (world: World, operation: Operation) => {
  switch (operation._tag) {
    case "Publish":
      return publish(world, operation)
    case "Follow":
      return follow(world, operation)
    case "Block":
      return block(world, operation)
    case "Mute":
      return mute(world, operation)
    case "Delete":
      return remove(world, operation)
    case "Edit":
      return edit(world, operation)
    case "Like":
      return like(world, operation)
    case "Override":
      return setOverride(world, operation)
    case "Read": {
      const reader = world.people[operation.by]!
      const timeline = Oracle.home(world.oracle, reader.id)
      return readPage(world, reader, queryOf(timeline, operation.kind, operation.limit, operation.anchor))
    }
  }
}
