/** Drives the outbox rows of an author: fan-out of posts, removal of deleted ones, transitions. */
import type { PostId } from "@rookery/domain/Ids"
import { parentsOf, type Post, reachesFollowers, visibilities } from "@rookery/domain/Post"
import * as Topics from "@rookery/domain/Topics"
import * as Fanout from "@rookery/fanout/Fanout"
import * as FollowerSet from "@rookery/fanout/FollowerSet"
import * as ShardBitmap from "@rookery/fanout/ShardBitmap"
import { fanoutSeconds } from "@rookery/observe/Metrics"
import type { AuthorStore } from "@rookery/store/AuthorStore"
import type { OutboxRow } from "@rookery/store/OutboxStore"
import { Effect } from "effect"
import * as AuthorState from "./AuthorState.ts"
import * as OwnWindow from "./OwnWindow.ts"
import type { Runner } from "./Runner.ts"
import * as Transitions from "./Transitions.ts"

/** `post` is there when whoever drives has it at hand; `progress` is written to while it is driven. */
type Task = Pick<OutboxRow, "id" | "task" | "progress"> & { readonly post?: Post }

const nobody = new Uint32Array(0)

/** Every shard: a post that changed may be in the window of somebody who followed once. */
const everyShard = (runner: Runner): Fanout.Audience => (visit) => {
  for (let shard = 1; shard <= runner.directory.shardCount; shard++) visit(shard, nobody, 0, 0)
}

const allFollowers = (followers: FollowerSet.FollowerSet): Fanout.Audience => (visit) =>
  FollowerSet.forEachShard(followers, visit)

const spread = (
  runner: Runner,
  state: AuthorState.AuthorState,
  row: Task,
  postId: bigint,
  change?: "remove" | "edit"
) =>
  Effect.gen(function*() {
    const author = yield* AuthorState.row(state)
    const audience = change === undefined
      ? allFollowers(yield* AuthorState.followers(state))
      : everyShard(runner)
    const how = change ?? (state.row ?? author).mode
    yield* Fanout.run(runner.lanes, {
      postId,
      authorNo: author.authorNo,
      epoch: author.epoch,
      how,
      audience,
      progress: row.progress
    })
  })

/** The topics of a post as it is now: none when it was deleted meanwhile. Posts of others come to theirs when they are announced (gossip/News.ts). */
const toTopics = (runner: Runner, row: Task, postId: PostId) =>
  Effect.gen(function*() {
    const post = row.post ?? (yield* runner.post(postId))
    if (post === undefined || post.absent === true) return
    yield* runner.topics.toRings(post.id, Topics.of(post))
    if (row.task._tag === "Fanout") yield* runner.topics.toStreams(post)
  })

/** What is answered or reposted has another counter. The front that took the post knows; the others keep it as it was. */
const tellOfParents = (runner: Runner, task: Extract<Task["task"], { readonly _tag: "Fanout" }>) => {
  const parents = parentsOf(task)
  return parents.length === 0 ? Effect.void : runner.postsChanged(parents)
}

/** A row that the outbox brought may be of a runner that died before it told the fronts. */
const tellOfPost = (runner: Runner, state: AuthorState.AuthorState, row: Task) =>
  row.post === undefined ? runner.authorsPosted([state.account]) : Effect.void

/** Whoever committed the post may not have come to its author's own window, so every drive sees to it. */
const spreadPost = (
  runner: Runner,
  state: AuthorState.AuthorState,
  row: Task,
  task: Extract<Task["task"], { readonly _tag: "Fanout" }>
) => {
  const toSelf = Effect.gen(function*() {
    const author = yield* AuthorState.row(state)
    const delivered = yield* OwnWindow.deliver(runner, state.account, author.authorNo, task.postId)
    if (!delivered) return yield* Effect.fail(new Fanout.FanoutIncomplete())
  })
  const toOthers = toTopics(runner, row, task.postId)
  if (!reachesFollowers(visibilities[task.visibility]!)) return Effect.andThen(toSelf, toOthers)
  const toFollowers = spread(runner, state, row, task.postId)
  // One that fails does not cut the other short.
  const all = [Effect.exit(toSelf), Effect.exit(toFollowers), Effect.exit(toOthers)]
  return Effect.all(all, { concurrency: "unbounded" }).pipe(
    Effect.flatMap((exits) => Effect.all(exits, { discard: true }))
  )
}

const perform = (
  runner: Runner,
  state: AuthorState.AuthorState,
  authors: AuthorStore["Service"],
  row: Task
) => {
  // Of edits and ends the fronts are told again: the runner that committed may have died before it did, and what they keep must not outlive the post.
  switch (row.task._tag) {
    case "Fanout":
      return tellOfPost(runner, state, row).pipe(
        Effect.andThen(tellOfParents(runner, row.task)),
        Effect.andThen(spreadPost(runner, state, row, row.task))
      )
    case "Removed":
      return Effect.andThen(runner.postsChanged([row.task.postId, ...parentsOf(row.task)]), spread(runner, state, row, row.task.postId, "remove"))
    case "Transition":
      return Transitions.resume(runner, state, authors)
    case "Edited":
      return Effect.andThen(
        Effect.andThen(runner.postsChanged([row.task.postId]), toTopics(runner, row, row.task.postId)),
        spread(runner, state, row, row.task.postId, "edit")
      )
    case "Edge":
    case "Relation":
    case "Unlocked":
    case "Account":
    case "Notify":
      return Effect.void
  }
}

/** Ends when the row's work is done and the row is gone. A failure gives the row back, with how far it got, to whoever claims it next. */
export const drive = (
  runner: Runner,
  state: AuthorState.AuthorState,
  authors: AuthorStore["Service"],
  row: Task
): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    if (runner.driving.size >= runner.settings.fanoutsMax) {
      const full = Effect.fail(new Error("this runner drives as many fan-outs as it may"))
      return Effect.andThen(Effect.ignore(runner.giveBack(row.id, row.progress)), full)
    }
    state.backlog++
    const startedAt = runner.now()
    const progress = ShardBitmap.make(runner.directory.shardCount, row.progress)
    runner.driving.set(row.id, progress)
    return perform(runner, state, authors, { ...row, progress }).pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          if (row.task._tag === "Fanout") fanoutSeconds.observe((runner.now() - startedAt) / 1_000)
        })
      ),
      Effect.andThen(runner.done(row.id)),
      Effect.tapError(() => Effect.ignore(runner.giveBack(row.id, progress))),
      Effect.ensuring(Effect.sync(() => {
        runner.driving.delete(row.id)
        state.backlog--
      }))
    )
  })
