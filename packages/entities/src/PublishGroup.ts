/**
 * The group commit of all authors of a runner: posts that come together are one transaction. Ids are minted
 * when a group starts, so that an id is never much older than its commit.
 */
import type { AccountId } from "@rookery/domain/Ids"
import { PostId } from "@rookery/domain/Ids"
import type { PostDraft } from "@rookery/domain/Post"
import { published, publishGroupSize } from "@rookery/observe/Metrics"
import type { AuthorRow } from "@rookery/store/AuthorStore"
import { IdSource } from "@rookery/store/IdSource"
import { type PublishResult, type PublishRow, PostStore } from "@rookery/store/PostStore"
import { Effect } from "effect"
import * as GroupCommit from "./GroupCommit.ts"

/** Posts in one transaction at most. */
const groupMax = 256

/** How long the first post of a group waits for others, in milliseconds. */
const gatherMillis = 4

/** A post on its way to a group. The author's version, if it is known, is asked for when the group starts; the row is told when the post is in. */
export interface Submission {
  readonly author: AccountId
  readonly requestKey: string
  readonly draft: PostDraft
  readonly version: () => number | undefined
  readonly onRow: (row: AuthorRow) => void
}

export interface PublishGroup {
  readonly publish: (submission: Submission) => Effect.Effect<PublishResult, unknown>
}

/** What follows every write; none of it may fail. */
export interface After {
  readonly onCommit: () => void
  /** The authors of what was new. */
  readonly posted: (authors: ReadonlyArray<AccountId>) => Effect.Effect<void>
}

export const make = (claimMillis: number, after: After) =>
  Effect.gen(function*() {
    const ids = yield* IdSource
    const posts = yield* PostStore

    const rowsOf = (submissions: ReadonlyArray<Submission>, minted: ReadonlyArray<bigint>): ReadonlyArray<PublishRow> =>
      submissions.map((submission, index) => ({
        id: PostId.make(minted[index]!),
        author: submission.author,
        version: submission.version(),
        requestKey: submission.requestKey,
        draft: submission.draft,
        claimMillis
      }))

    const settle = (submissions: ReadonlyArray<Submission>, results: ReadonlyArray<PublishResult>) => {
      submissions.forEach((submission, index) => {
        const result = results[index]!
        if (result._tag !== "Published") return
        published.value++
        submission.onRow(result.author)
      })
      publishGroupSize.observe(submissions.length)
      return results
    }

    const write = (submissions: ReadonlyArray<Submission>): Effect.Effect<ReadonlyArray<PublishResult>, unknown> =>
      Effect.gen(function*() {
        const minted = yield* ids.mintMany(submissions.length)
        const results = yield* posts.publish(rowsOf(submissions, minted))
        after.onCommit()
        const authors = submissions.flatMap(({ author }, i) => results[i]!._tag === "Published" ? [author] : [])
        if (authors.length > 0) yield* after.posted(authors)
        return settle(submissions, results)
      })

    const group = yield* GroupCommit.make(write, groupMax, gatherMillis)
    return { publish: group.commit } satisfies PublishGroup
  })
