/** As the owner of posts: their contents, and the texts that they had, for those who have the announcement, or have not even that. */
import * as Content from "@rookery/domain/Content"
import { PostId } from "@rookery/domain/Ids"
import * as Asks from "@rookery/protocol/Asks"
import * as Contents from "@rookery/protocol/Contents"
import * as Histories from "@rookery/protocol/Histories"
import type { PostStore } from "@rookery/store/PostStore"
import { Effect } from "effect"
import { nameOf, type World } from "./World.ts"

/**
 * `missing` is said of what was deleted or never was, and of direct posts that are for nobody there; who of the asker's people
 * may see the rest is the asker's to judge.
 */
const answer = (world: World, posts: PostStore["Service"], asker: number, data: Uint8Array) =>
  Effect.gen(function*() {
    const wants = yield* Effect.try({ try: () => Contents.decodeWants(data), catch: String })
    const facts = yield* world.gossip.postsOf(wants.map(({ id }) => id), asker)
    const live = facts.flatMap((fact) => fact._tag === "Post" ? [fact.id] : [])
    const found = yield* posts.byIds(live.map((id) => PostId.make(id)))
    const known = new Map(wants.map(({ id, version }) => [id, version]))
    const news = facts.filter((fact) => fact._tag === "Tombstone" || fact._tag === "Post" && fact.version !== known.get(fact.id))
    return Contents.encodeTold(nameOf(world, world.datacenters.own), news, {
      contents: found.map(Content.ofPost),
      later: []
    })
  })

/** Nothing of what `missing` would be said of. */
const history = (world: World, posts: PostStore["Service"], asker: number, data: Uint8Array) =>
  Effect.gen(function*() {
    const id = yield* Effect.try({ try: () => Histories.decodeQuestion(data), catch: String })
    const [fact] = yield* world.gossip.postsOf([id], asker)
    return Histories.encodeAnswer(fact?._tag === "Post" ? yield* posts.history(id) : [])
  })

const reason = (failure: unknown): string => typeof failure === "string" ? failure : `it cannot be told now (${String(failure)})`

/** Until the scope closes. */
export const start = (world: World, posts: PostStore["Service"]) => {
  const asker = (from: string): number => world.datacenters.names.indexOf(from)
  return Effect.all([
    world.links.answer(Asks.names.content, (data, from) => Effect.mapError(answer(world, posts, asker(from), data), reason)),
    world.links.answer(Asks.names.history, (data, from) => Effect.mapError(history(world, posts, asker(from), data), reason))
  ], { discard: true })
}
