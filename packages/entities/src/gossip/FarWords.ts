/**
 * Fetches the words of others' posts for the search of this datacenter: each owner is asked by one loop, in one question at a time, for the newest
 * that are wanted. They go into the index and nowhere else: copies are for what is read.
 */
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Metrics from "@rookery/observe/Metrics"
import { wantsMax } from "@rookery/protocol/Contents"
import type { SearchStore } from "@rookery/store/SearchStore"
import { Effect } from "effect"
import type { After } from "./After.ts"
import * as Contents from "./Contents.ts"
import * as Supervised from "./Supervised.ts"
import { nameOf, type World } from "./World.ts"

type Words = Pick<SearchStore["Service"], "learn" | "wanted">

/** One look, with a question if there is anything to ask; answers how long to wait before the next, in milliseconds. */
export const fetch = (world: World, after: After, words: Words, origin: number): Effect.Effect<number, unknown> =>
  Effect.gen(function*() {
    const { searchAgeMillis, wordsMillis } = world.settings
    if (!world.links.state(nameOf(world, origin)).connected) return wordsMillis
    const wants = yield* words.wanted(origin, Snowflake.floorAt(Date.now() - searchAgeMillis), wantsMax)
    if (wants.length === 0) return wordsMillis
    const { contents, missing } = yield* Contents.askOwner(world, after, origin, wants)
    const learnt = yield* words.learn([...contents.values()], missing)
    Metrics.searchFetched.at(nameOf(world, origin)).value += learnt
    // What was of another version than its row comes with the row of that version.
    return wants.length === wantsMax && learnt > 0 ? 0 : wordsMillis
  })

export const start = (world: World, after: After, words: Words, origin: number) =>
  world.settings.searchAgeMillis === 0 ? Effect.void : Supervised.once(
    `words-${nameOf(world, origin)}`,
    Supervised.forever(`fetching words of ${nameOf(world, origin)} for search`, fetch(world, after, words, origin))
  )
