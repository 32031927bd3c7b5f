/** The texts that a post had. Those of another datacenter's post are with its owner, who is asked when somebody looks at them. */
import { names } from "@rookery/protocol/Asks"
import * as Histories from "@rookery/protocol/Histories"
import type { Post } from "@rookery/domain/Post"
import * as Snowflake from "@rookery/domain/Snowflake"
import type { PostEdit, PostStore } from "@rookery/store/PostStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import { type ApiError, notFound, unavailable } from "../http/Errors.ts"
import * as World from "../home/World.ts"

/** How long a page waits for the owner, in milliseconds. */
const askMillis = 3_000

/** When to try again: the link, or the owner, may be back; in seconds. */
const retrySeconds = 5

const unreachable = unavailable("The datacenter that has the earlier versions of this post cannot be reached: try again later", retrySeconds)

/** The post was read before this: what ended since is not shown. */
const ask = (world: World.World, home: number, { id }: Post): Effect.Effect<ReadonlyArray<PostEdit>, ApiError> =>
  world.links.ask(World.nameOf(world, home), names.history, Histories.encodeQuestion(id), askMillis).pipe(
    Effect.flatMap((bytes) => Effect.try({ try: () => Histories.decodeAnswer(bytes), catch: (error) => error })),
    Effect.tapError((error) => Effect.logDebug("a history cannot be had now", error)),
    Effect.mapError(() => unreachable),
    Effect.flatMap((versions) => versions.length > 0 ? Effect.succeed(versions) : Effect.fail(notFound()))
  )

/** Oldest first, the text of now last; at least that one. Fails with 503 where the owner would have to be asked and cannot be. */
export const of = (
  { posts, world }: { readonly posts: PostStore["Service"]; readonly world: World.World | undefined },
  post: Post
): Effect.Effect<ReadonlyArray<PostEdit>, ApiError | StoreError> => {
  const home = World.farHomeOf(world, post.id)
  if (world === undefined || home === undefined) return posts.history(post.id)
  const { editedAt, id, media, sensitive, spoiler, text } = post
  return editedAt === null ? Effect.succeed([{ text, spoiler, sensitive, media, at: Snowflake.millisOf(id) }]) : ask(world, home, post)
}
