/**
 * Pages of posts that were searched for. A page ends when it is full, when nothing is left, or when the time for it has
 * run out: the last is no end, and says where to go on.
 */
import type { Condition } from "@rookery/domain/SearchQuery"
import type { SearchStore } from "@rookery/store/SearchStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Account } from "../oauth/Identity.ts"
import type { Hydrated } from "./Hydration.ts"
import type { Reader } from "./Reader.ts"

/** What is looked for, and between which ids, both exclusive. */
export interface PostQuestion {
  readonly conditions: ReadonlyArray<Condition>
  readonly above: bigint
  readonly below: bigint
  /** Whether the page is the one right over `above`. */
  readonly upwards: boolean
  readonly limit: number
}

export interface FoundPosts {
  /** Newest first. */
  readonly items: ReadonlyArray<Hydrated>
  /** Where the search begins that goes on behind this page, away from where it began. */
  readonly reached: bigint
  /** Whether all was searched. */
  readonly isWhole: boolean
}

export interface PostSearch {
  readonly page: (viewer: Account, question: PostQuestion) => Effect.Effect<FoundPosts, StoreError>
}

/** Hits asked for at once beyond what a page needs, for those that turn out not to be shown. */
const spare = 8
const hitsMax = 200
/** Less time than this is not worth another look, in milliseconds. */
const millisMin = 50

/** `now` is in milliseconds, from whenever. */
export const make = (
  search: SearchStore["Service"],
  reader: Pick<Reader, "visible">,
  millisMax: number,
  now: () => number
): PostSearch => {
  /** Without those that were edited since their words were looked at: the words are not theirs any more. */
  const shown = (viewer: Account, hits: ReadonlyArray<{ readonly id: bigint; readonly version: number }>) => {
    const versions = new Map(hits.map(({ id, version }) => [id, version]))
    return Effect.map(reader.visible(viewer, hits.map(({ id }) => id), "offered"), (items) =>
      items.filter(({ rendered: { post } }) => versions.get(post.id) === post.version))
  }

  const fill = (viewer: Account, question: PostQuestion, until: number, found: ReadonlyArray<Hydrated>): Effect.Effect<FoundPosts, StoreError> =>
    Effect.gen(function*() {
      const { limit, upwards } = question
      const left = until - now()
      const asked = Math.min(hitsMax, limit - found.length + spare)
      const { hits, isWhole, reached } = yield* search.posts({ ...question, viewer: viewer.id, limit: asked, millis: left })
      const items = [...found, ...(yield* shown(viewer, hits))]
      if (items.length > limit || (items.length === limit && !isWhole)) {
        const page = items.slice(0, limit)
        return { items: page, reached: page[limit - 1]!.rendered.id, isWhole: false }
      }
      if (isWhole || until - now() < millisMin) return { items, reached, isWhole }
      return yield* fill(viewer, { ...question, ...(upwards ? { above: reached } : { below: reached }) }, until, items)
    })

  return {
    page: (viewer, question) =>
      Effect.map(Effect.suspend(() => fill(viewer, question, now() + millisMax, [])), (found) =>
        question.upwards ? { ...found, items: found.items.toReversed() } : found)
  }
}
