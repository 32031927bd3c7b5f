/** An author, posts of every visibility, and people who stand to the author in every way, for the tables of permissions. */
import { visibilities, type Visibility } from "@rookery/domain/Post"
import { Effect } from "effect"
import { type Client, eventually, type Someone } from "./frontWorld.ts"

/** How a viewer stands to the author; whoever is `named` is mentioned in each post, and follows nobody but `rep`. */
const known = ["self", "follower", "stranger", "named", "blocked", "blocking", "muting"] as const
export const relations = [...known, "anonymous"] as const
type Relation = typeof known[number]

export interface Status {
  readonly id: string
  readonly reblog: Status | null
}

export interface World {
  readonly client: Client
  readonly author: Someone
  /** Whom everybody follows, the author too. */
  readonly rep: Someone
  readonly viewers: Readonly<Record<Relation, Someone>> & { readonly anonymous: undefined }
  readonly root: string
  readonly posts: Readonly<Record<Visibility, string>>
}

export const tokenOf = (viewer: Someone | undefined) => viewer === undefined ? {} : { token: viewer.token }

export const act = (client: Client, by: Someone, other: Someone, name: string) =>
  client.ok("POST", `/api/v1/accounts/${other.id}/${name}`, { token: by.token })

/** Everybody follows the author and `rep` before anything else, so that what follows has something to end. */
export const makeWorld = (client: Client) =>
  Effect.gen(function*() {
    const [author, rep, follower, stranger, named, blocked, blocking, muting] = yield* Effect.forEach(
      ["ann", "rep", "fay", "sam", "nan", "bea", "bob", "moe"],
      (name) => client.signUp(name)
    )
    const people = { self: author!, follower: follower!, stranger: stranger!, named: named!, blocked: blocked!, blocking: blocking!, muting: muting! }
    const viewers = { ...people, anonymous: undefined }
    for (const viewer of Object.values(people)) yield* act(client, viewer, rep!, "follow")
    for (const viewer of [follower!, blocked!, blocking!, muting!]) yield* act(client, viewer, author!, "follow")
    const root = yield* client.post(rep!, "what do you say?")
    const posts: Record<string, string> = {}
    for (const visibility of visibilities) {
      const post = yield* client.post(author!, `#table kiwi for @nan to ${visibility}`, { visibility, in_reply_to_id: root.id })
      posts[visibility] = post.id
      if (visibility === "public" || visibility === "unlisted") {
        yield* client.ok("POST", `/api/v1/statuses/${post.id}/reblog`, { token: rep!.token })
      }
    }
    // All of it has arrived before anybody is kept from it.
    const home = (viewer: Someone) => client.ok("GET", "/api/v1/timelines/home?limit=40", { token: viewer.token })
    for (const viewer of [blocked!, blocking!, muting!, follower!]) yield* eventually(home(viewer), (list) => list.length === 6)
    for (const viewer of [stranger!, named!]) yield* eventually(home(viewer), (list) => list.length === 3)
    // Whoever may see a post keeps it, to look for it when they may not any more.
    for (const viewer of Object.values(people)) {
      for (const id of Object.values(posts)) yield* client.call("POST", `/api/v1/statuses/${id}/bookmark`, { token: viewer.token })
    }
    yield* act(client, author!, blocked!, "block")
    yield* act(client, blocking!, author!, "block")
    yield* act(client, muting!, author!, "mute")
    return { client, author: author!, rep: rep!, viewers, root: root.id, posts: posts as Record<Visibility, string> } satisfies World
  })
