/** Step three of a read: who may see what, decided for each viewer after every cache. */
import type { AccountId } from "@rookery/domain/Ids"
import type { FollowStore } from "@rookery/store/FollowStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Account } from "../oauth/Identity.ts"
import type { Hydrated } from "./Hydration.ts"

/** The accounts whose followers the viewer must be among. */
export type Follows = ReadonlySet<AccountId>

const nobody: Follows = new Set()

/** Public and unlisted posts are everyone's, private ones the followers' and the author's, direct ones the author's. */
const isVisibleAlone = (viewer: Account | undefined, { author, rendered }: Hydrated, follows: Follows): boolean => {
  if (author.row.disabledAt !== null) return false
  const { visibility } = rendered.post
  if (visibility === "public" || visibility === "unlisted") return true
  if (viewer === undefined) return false
  if (viewer.id === rendered.post.author) return true
  return visibility === "private" && follows.has(rendered.post.author)
}

/** A wrapper is seen only with what it wraps. */
export const isVisible = (viewer: Account | undefined, item: Hydrated, follows: Follows): boolean =>
  isVisibleAlone(viewer, item, follows) && (item.inner === undefined || isVisibleAlone(viewer, item.inner, follows))

const addPrivate = (viewer: Account, item: Hydrated, authors: Set<AccountId>): void => {
  const { author, visibility } = item.rendered.post
  if (visibility === "private" && author !== viewer.id) authors.add(author)
  if (item.inner !== undefined) addPrivate(viewer, item.inner, authors)
}

/** Authors whose edge to the viewer decides about one of `items`. */
const undecided = (viewer: Account, items: ReadonlyArray<Hydrated | undefined>): ReadonlyArray<AccountId> => {
  const authors = new Set<AccountId>()
  for (const item of items) if (item !== undefined) addPrivate(viewer, item, authors)
  return [...authors]
}

const keep = (viewer: Account | undefined, items: ReadonlyArray<Hydrated | undefined>, follows: Follows): Array<Hydrated> => {
  const kept: Array<Hydrated> = []
  for (const item of items) if (item !== undefined && isVisible(viewer, item, follows)) kept.push(item)
  return kept
}

/** Those of `items` that the viewer may see, in order. Asks for edges only where a private post needs one. */
export const visible = (
  follows: FollowStore["Service"],
  viewer: Account | undefined,
  items: ReadonlyArray<Hydrated | undefined>
): Effect.Effect<Array<Hydrated>, StoreError> => {
  const authors = viewer === undefined ? [] : undecided(viewer, items)
  if (viewer === undefined || authors.length === 0) return Effect.succeed(keep(viewer, items, nobody))
  return Effect.map(follows.relations(viewer.id, authors), (relations) =>
    keep(viewer, items, new Set(relations.filter((relation) => relation.following).map((relation) => relation.id))))
}
