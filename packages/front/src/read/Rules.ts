/** Step three of a read: who may see what (domain/Sight.ts), decided for each viewer after every cache. */
import type { AccountId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import * as Sight from "@rookery/domain/Sight"
import type { FollowStore } from "@rookery/store/FollowStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Account } from "../oauth/Identity.ts"
import type { Hydrated } from "./Hydration.ts"
import * as Shunned from "./Shunned.ts"

/** Where the rules learn what people are to each other. */
export interface Relations {
  readonly follows: FollowStore["Service"]
  readonly shunned: Shunned.Shunned
}

/** The accounts of whose followers the viewer is one, as far as it matters. */
export type Follows = ReadonlySet<AccountId>

/** All that is known of one viewer. */
export interface Viewpoint {
  readonly viewer: Account | undefined
  readonly follows: Follows
  readonly shunned: Shunned.Bits
}

const nobody: Follows = new Set()
const followsNobody = Effect.succeed(nobody)
const anonymous: Viewpoint = { viewer: undefined, follows: nobody, shunned: new Map() }

/** What the viewer is to a person. */
export const standing = ({ follows, shunned, viewer }: Viewpoint, person: { readonly id: AccountId; readonly no: number }): Sight.Standing => {
  if (viewer === undefined) return Sight.stranger
  if (viewer.no === person.no) return Sight.self
  const bits = shunned.get(person.no)
  if (bits === undefined) return follows.has(person.id) ? Sight.follower : Sight.stranger
  return {
    self: false,
    follows: follows.has(person.id),
    blocked: Shunned.isBlocked(bits),
    mutes: Shunned.isMuted(bits),
    withoutReposts: Shunned.isWithoutReposts(bits),
    languages: shunned.languages?.get(person.no)
  }
}

const isMentioned = (viewer: Account | undefined, post: Post): boolean =>
  viewer !== undefined && post.mentions.some((mention) => mention.id === viewer.id)

const subject = (viewpoint: Viewpoint, { author, rendered }: Hydrated): Sight.Subject => {
  const { post } = rendered
  return {
    visibility: post.visibility,
    disabled: author.row.disabledAt !== null,
    language: post.language,
    mentioned: isMentioned(viewpoint.viewer, post),
    standing: standing(viewpoint, author.row)
  }
}

/** Whether a post for all is of somebody of whom the viewer shuns nothing: nearly all of a page are, and need no closer look. */
const isForAll = (shunned: Shunned.Bits, { author: { row }, rendered }: Hydrated): boolean =>
  !shunned.has(row.no) && Sight.isForAll(rendered.visibility, row.disabledAt !== null)

/** The one question of every path: whether this viewer is shown the post at this place. */
export const isShown = (place: Sight.Place, viewpoint: Viewpoint, item: Hydrated): boolean =>
  (isForAll(viewpoint.shunned, item) && (item.inner === undefined || isForAll(viewpoint.shunned, item.inner))) ||
  Sight.isShown(place, subject(viewpoint, item), item.inner === undefined ? undefined : subject(viewpoint, item.inner))

/** The local numbers of those who wrote a post. */
export const authorsOf = (item: Hydrated): Array<number> =>
  item.inner === undefined ? [item.author.row.no] : [item.author.row.no, ...authorsOf(item.inner)]

const addPrivate = (viewer: Account, item: Hydrated, authors: Array<AccountId>): void => {
  const { author: { row }, rendered } = item
  if (rendered.visibility === "private" && row.id !== viewer.id && !isMentioned(viewer, rendered.post)) authors.push(row.id)
  if (item.inner !== undefined) addPrivate(viewer, item.inner, authors)
}

/** Asks for the edges to those authors only of whom there is a private post. */
const followsAmong = (
  { follows }: Relations,
  viewer: Account,
  items: ReadonlyArray<Hydrated | undefined>
): Effect.Effect<Follows, StoreError> => {
  const authors: Array<AccountId> = []
  for (const item of items) if (item !== undefined) addPrivate(viewer, item, authors)
  if (authors.length === 0) return followsNobody
  return Effect.map(follows.relations(viewer.id, [...new Set(authors)]), (rows) =>
    new Set(rows.filter((row) => row.following).map((row) => row.id)))
}

const viewpointOn = (relations: Relations, viewer: Account, items: ReadonlyArray<Hydrated | undefined>) => {
  const nos = () => items.flatMap((item) => item === undefined ? [] : authorsOf(item))
  return Effect.flatMap(relations.shunned.of(viewer, nos), (shunned) =>
    Effect.map(followsAmong(relations, viewer, items), (follows): Viewpoint => ({ viewer, follows, shunned })))
}

const keep = (place: Sight.Place, viewpoint: Viewpoint, items: ReadonlyArray<Hydrated | undefined>): Array<Hydrated> => {
  const kept: Array<Hydrated> = []
  for (const item of items) if (item !== undefined && isShown(place, viewpoint, item)) kept.push(item)
  return kept
}

/** Those of `items` that the viewer is shown at this place, in order. */
export const visible = (
  relations: Relations,
  viewer: Account | undefined,
  items: ReadonlyArray<Hydrated | undefined>,
  place: Sight.Place
): Effect.Effect<Array<Hydrated>, StoreError> =>
  viewer === undefined
    ? Effect.sync(() => keep(place, anonymous, items))
    : Effect.map(viewpointOn(relations, viewer, items), (viewpoint) => keep(place, viewpoint, items))

/** Whether somebody who follows the author hears of the post now: the shard that names them knows of the edge. */
export const mayHear = (shunned: Shunned.Shunned, viewer: Account, item: Hydrated): Effect.Effect<boolean, StoreError> =>
  Effect.map(shunned.of(viewer, () => authorsOf(item)), (bits) =>
    isShown("home", { viewer, follows: new Set([item.author.row.id]), shunned: bits }, item))

/** Those of some people whom the viewer is shown in lists. */
export const listed = <P extends { readonly id: AccountId; readonly no: number }>(
  { shunned }: Relations,
  viewer: Account | undefined,
  people: ReadonlyArray<P>
): Effect.Effect<ReadonlyArray<P>, StoreError> =>
  viewer === undefined
    ? Effect.succeed(people)
    : Effect.map(shunned.of(viewer, () => people.map((person) => person.no)), (bits) =>
      people.filter((person) => Sight.isListed(standing({ viewer, follows: nobody, shunned: bits }, person))))
