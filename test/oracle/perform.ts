/** Carries out one planned operation: tells the actor, then the oracle, then checks what its maker must see at once. */
import type { PostId } from "@rookery/domain/Ids"
import type { PostDraft } from "@rookery/domain/Post"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import * as Oracle from "@rookery/testkit/Oracle"
import { Effect } from "effect"
import type { Operation } from "./plan.ts"
import { broken, readPage, type World } from "./world.ts"

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

const publish = (world: World, operation: Of<"Publish">) =>
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
    if (isSettled(world, post.id)) return
    const page = yield* readPage(world, by, { ...newest(1), maxId: post.id + 1n })
    if (page[0]?.id !== post.id && !isSettled(world, post.id)) {
      yield* broken("one's own post is in one's timeline at once (I6)", { by: by.id, post: post.id, page: page.map(({ id }) => id) })
    }
  }).pipe(
    Effect.catchTag("NotFound", (error) => {
      const missing = [operation.replyTo, operation.repostOf].some((about) => about !== null && isSettled(world, world.posts[about]))
      return missing ? Effect.void : Effect.fail(error)
    })
  )

/** Whether a post, or what it reposts, is being deleted. */
const isSettled = (world: World, id: bigint | undefined): boolean => {
  if (id === undefined || world.leaving.has(id)) return true
  const original = world.oracle.posts.get(id)?.repostOf ?? null
  return original !== null && world.leaving.has(original)
}

const follow = (world: World, { by, followee, following }: Of<"Follow">) =>
  Effect.gen(function*() {
    const reader = world.people[by]!
    const other = world.people[followee]!
    yield* world.client.setFollow(reader.id, other.id, following)
    Oracle.setFollow(world.oracle, reader.id, other.id, following)
    if (!following) {
      for (const [id, author] of reader.seen) if (author === other.id) reader.seen.delete(id)
    }
    yield* readPage(world, reader, newest(40))
  })

const remove = (world: World, operation: Of<"Delete">) =>
  Effect.gen(function*() {
    const by = world.people[operation.by]!
    const id = world.posts[operation.post]
    if (id === undefined) return
    world.leaving.add(id)
    // A repeat after an answer that was lost finds nothing to delete.
    yield* Effect.catchTag(world.client.remove(by.id, id), "NotFound", () => Effect.void)
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
    yield* world.client.setLike(by.id, id, operation.liked)
    Oracle.setLike(world.oracle, by.id, id, operation.liked)
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
