/**
 * What a random run does, drawn from its seed alone: people and posts are numbers in the order of the plan, and no
 * choice looks at an answer, so that a seed means the same run however the answers are timed.
 */
import type { Visibility } from "@rookery/domain/Post"
import type { Override } from "@rookery/domain/FanoutMode"
import * as Seeded from "@rookery/testkit/Seeded"

/** `by`, `followee` and `other` count people, `post`, `replyTo` and `repostOf` posts. */
export type Operation =
  | {
    readonly _tag: "Publish"
    readonly by: number
    readonly post: number
    readonly visibility: Visibility
    readonly replyTo: number | null
    readonly repostOf: number | null
    /** Sent again under the same key once it is answered. */
    readonly again: boolean
  }
  | { readonly _tag: "Follow"; readonly by: number; readonly followee: number; readonly following: boolean }
  | { readonly _tag: "Block"; readonly by: number; readonly other: number; readonly blocked: boolean }
  | { readonly _tag: "Mute"; readonly by: number; readonly other: number; readonly muted: boolean }
  | { readonly _tag: "Delete"; readonly by: number; readonly post: number }
  | { readonly _tag: "Edit"; readonly by: number; readonly post: number; readonly text: string }
  | { readonly _tag: "Like"; readonly by: number; readonly post: number; readonly liked: boolean }
  | { readonly _tag: "Override"; readonly by: number; readonly override: Override }
  | { readonly _tag: "Read"; readonly by: number; readonly kind: ReadKind; readonly limit: number; readonly anchor: number }

export const readKinds = ["newest", "below", "since", "above"] as const
export type ReadKind = (typeof readKinds)[number]

interface PlannedPost {
  readonly author: number
  readonly visibility: Visibility
  readonly repostOf: number | null
  deleted: boolean
}

export interface Plan {
  readonly random: Seeded.Seeded
  readonly people: number
  readonly posts: Array<PlannedPost>
  readonly follows: ReadonlyArray<Set<number>>
  readonly blocks: ReadonlyArray<Set<number>>
  readonly mutes: ReadonlyArray<Set<number>>
}

const setsFor = (people: number) => Array.from({ length: people }, () => new Set<number>())

export const make = (random: Seeded.Seeded, people: number): Plan => ({
  random,
  people,
  posts: [],
  follows: setsFor(people),
  blocks: setsFor(people),
  mutes: setsFor(people)
})

/** People with a small number have the most followers, so that some hover about the threshold. */
const popular = (plan: Plan): number => Math.floor(plan.random.next() ** 2 * plan.people)

const livingPost = (plan: Plan, before: number, fits: (post: PlannedPost) => boolean): number | null => {
  // Mostly one of the newest, as people do.
  for (let tries = 0; tries < 8; tries++) {
    const post = Math.floor((1 - plan.random.next() ** 2) * before)
    const planned = plan.posts[post]
    if (planned !== undefined && !planned.deleted && fits(planned)) return post
  }
  return null
}

const isOpen = (post: PlannedPost): boolean =>
  post.repostOf === null && (post.visibility === "public" || post.visibility === "unlisted")

const visibilityWeights: Readonly<Record<Visibility, number>> = { public: 6, unlisted: 1, private: 2, direct: 1 }

const publish = (plan: Plan, by: number, before: number): Operation => {
  const { random } = plan
  const how = random.weighted({ plain: 6, reply: 2, repost: 2 })
  const about = how === "plain" ? null : livingPost(plan, before, isOpen)
  const repostOf = how === "repost" ? about : null
  const visibility = repostOf === null ? random.weighted(visibilityWeights) : "public"
  const post = plan.posts.push({ author: by, visibility, repostOf, deleted: false }) - 1
  return { _tag: "Publish", by, post, visibility, replyTo: how === "reply" ? about : null, repostOf, again: random.chance(0.1) }
}

const setFollow = (plan: Plan, by: number, followee: number, following: boolean): Operation => {
  if (following) plan.follows[by]!.add(followee)
  else plan.follows[by]!.delete(followee)
  return { _tag: "Follow", by, followee, following }
}

const follow = (plan: Plan, by: number): Operation => {
  const followee = popular(plan)
  if (followee === by) return read(plan, by)
  // Now and then what stands already, which must change nothing.
  const following = plan.random.chance(0.1) === plan.follows[by]!.has(followee)
  return setFollow(plan, by, followee, following)
}

const read = (plan: Plan, by: number): Operation => ({
  _tag: "Read",
  by,
  kind: plan.random.pick(readKinds),
  limit: 1 + plan.random.int(12),
  anchor: plan.random.next()
})

const remove = (plan: Plan, by: number, before: number): Operation => {
  const post = livingPost(plan, before, (planned) => planned.author === by)
  if (post === null) return publish(plan, by, before)
  plan.posts[post]!.deleted = true
  return { _tag: "Delete", by, post }
}

const edit = (plan: Plan, by: number, before: number): Operation => {
  const post = livingPost(plan, before, (planned) => planned.author === by && planned.repostOf === null)
  if (post === null) return publish(plan, by, before)
  return { _tag: "Edit", by, post, text: `edited ${plan.random.int(1_000_000)}` }
}

const like = (plan: Plan, by: number, before: number): Operation => {
  const post = livingPost(plan, before, isOpen)
  return post === null ? read(plan, by) : { _tag: "Like", by, post, liked: plan.random.chance(0.7) }
}

/** Most blocks and mutes end soon, so that few people are cut off from each other at any time. */
const endShare = 0.6

/** One whom `by` has set apart, to be let in again, or (the less often) somebody new. */
const other = (plan: Plan, by: number, set: ReadonlySet<number>): readonly [other: number, on: boolean] => {
  const [oldest] = set
  if (oldest !== undefined && plan.random.chance(endShare)) return [oldest, false]
  const someone = plan.random.int(plan.people - 1)
  return [someone < by ? someone : someone + 1, true]
}

const put = (set: Set<number>, member: number, present: boolean): void => {
  if (present) set.add(member)
  else set.delete(member)
}

const block = (plan: Plan, by: number): Operation => {
  const [whom, blocked] = other(plan, by, plan.blocks[by]!)
  put(plan.blocks[by]!, whom, blocked)
  if (blocked) {
    plan.follows[by]!.delete(whom)
    plan.follows[whom]!.delete(by)
  }
  return { _tag: "Block", by, other: whom, blocked }
}

const mute = (plan: Plan, by: number): Operation => {
  const [whom, muted] = other(plan, by, plan.mutes[by]!)
  put(plan.mutes[by]!, whom, muted)
  return { _tag: "Mute", by, other: whom, muted }
}

const override = (plan: Plan, by: number): Operation =>
  ({ _tag: "Override", by, override: plan.random.weighted({ auto: 2, push: 1, pull: 1 }) })

const weights = { publish: 10, follow: 7, block: 1, mute: 2, remove: 2, edit: 1, like: 3, override: 0.5, read: 8 }

const operation = (plan: Plan, by: number, before: number): Operation => {
  switch (plan.random.weighted(weights)) {
    case "publish":
      return publish(plan, by, before)
    case "follow":
      return follow(plan, by)
    case "block":
      return block(plan, by)
    case "mute":
      return mute(plan, by)
    case "remove":
      return remove(plan, by, before)
    case "edit":
      return edit(plan, by, before)
    case "like":
      return like(plan, by, before)
    case "override":
      return override(plan, by)
    case "read":
      return read(plan, by)
  }
}

/**
 * Operations to be run at the same time, each by another person. One batch in eight is a crowd that follows
 * or leaves one popular author at once, while that author publishes.
 */
export const nextBatch = (plan: Plan): ReadonlyArray<Operation> => {
  const before = plan.posts.length
  const actors = Seeded.shuffled(plan.random, Array.from({ length: plan.people }, (_, n) => n)).slice(0, 1 + plan.random.int(plan.people))
  if (!plan.random.chance(0.125)) return actors.map((by) => operation(plan, by, before))
  const star = popular(plan)
  const following = plan.random.chance(0.5)
  return actors.map((by) => by === star ? publish(plan, by, before) : setFollow(plan, by, star, following))
}
