/** As the owner of posts: their contents for those who have the announcement, or have not even that. */
import * as Content from "@rookery/domain/Content"
import { PostId } from "@rookery/domain/Ids"
import * as Asks from "@rookery/protocol/Asks"
import * as Contents from "@rookery/protocol/Contents"
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

/** Until the scope closes. */
export const start = (world: World, posts: PostStore["Service"]) =>
  world.links.answer(Asks.names.content, (data, from) =>
    Effect.mapError(answer(world, posts, world.datacenters.names.indexOf(from), data), (failure) =>
      typeof failure === "string" ? failure : `it cannot be told now (${String(failure)})`))
