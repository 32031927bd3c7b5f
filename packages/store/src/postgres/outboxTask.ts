/** How an outbox row stands for its task. */
import type { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import type { OutboxRow, OutboxTask } from "../OutboxStore.ts"
import type { WindowChange } from "../RelationStore.ts"

/** Numbers of the tasks in the database; never reused. */
export const taskKinds = { Fanout: 0, Removed: 1, Edited: 2, Edge: 3, Transition: 4, Notify: 5, Relation: 6, Account: 7, Unlocked: 8 } as const

/** Milliseconds for which the writer of a follow-up is taken to be driving it, before a sweeper may. */
export const followUpClaimMillis = 5_000

export interface StoredTask {
  readonly id: bigint
  readonly owner: AccountId
  readonly kind: number
  readonly postId: PostId | null
  readonly payload: unknown
  readonly progress: Uint8Array
  readonly attempts: number
  readonly createdAt: Date
}

/** What a post hangs on; the row of a post that went may be without. Ids in any payload are decimal strings: JSON numbers lose them. */
interface ParentsPayload {
  readonly replyTo?: string | null
  readonly repostOf?: string | null
}

interface FanoutPayload extends ParentsPayload {
  readonly visibility: number
}

interface EdgePayload {
  readonly follower: string
  readonly followerNo: number
  readonly followerShard: number
  readonly followee: string
  readonly followeeNo: number
  readonly active: boolean
  readonly version: number
  readonly sequence: number
  readonly followVersion: number
}

interface NotifyPayload {
  readonly no: number
  readonly shard: number
  readonly ids: ReadonlyArray<string>
}

const noticesOf = (payload: NotifyPayload): OutboxTask => ({
  _tag: "Notify",
  accountNo: payload.no as LocalNo,
  shard: payload.shard,
  ids: payload.ids.map(BigInt)
})

const postId = (text: string | null | undefined): PostId | null => text === null || text === undefined ? null : BigInt(text) as PostId

const parentsOf = ({ replyTo, repostOf }: ParentsPayload) => ({ replyTo: postId(replyTo), repostOf: postId(repostOf) })

const edgeOf = (payload: EdgePayload): OutboxTask => ({
  _tag: "Edge",
  edge: {
    ...payload,
    follower: BigInt(payload.follower) as AccountId,
    followee: BigInt(payload.followee) as AccountId,
    followerNo: payload.followerNo as LocalNo,
    followeeNo: payload.followeeNo as LocalNo
  }
})

interface RelationPayload {
  readonly windows: ReadonlyArray<Omit<WindowChange, "reader" | "other"> & { readonly reader: string; readonly other: string }>
}

const relationOf = (payload: RelationPayload): OutboxTask => ({
  _tag: "Relation",
  windows: payload.windows.map((change) => ({
    ...change,
    reader: BigInt(change.reader) as AccountId,
    other: BigInt(change.other) as AccountId
  }))
})

const taskOf = (row: StoredTask): OutboxTask => {
  switch (row.kind) {
    case taskKinds.Fanout: {
      const payload = row.payload as FanoutPayload
      return { _tag: "Fanout", postId: row.postId!, ...parentsOf(payload), visibility: payload.visibility }
    }
    case taskKinds.Removed:
      return { _tag: "Removed", postId: row.postId!, ...parentsOf(row.payload as ParentsPayload) }
    case taskKinds.Edited:
      return { _tag: "Edited", postId: row.postId! }
    case taskKinds.Edge:
      return edgeOf(row.payload as EdgePayload)
    case taskKinds.Transition:
      return { _tag: "Transition", epoch: (row.payload as { epoch: number }).epoch }
    case taskKinds.Relation:
      return relationOf(row.payload as RelationPayload)
    case taskKinds.Account:
      return { _tag: "Account" }
    case taskKinds.Unlocked:
      return { _tag: "Unlocked" }
    case taskKinds.Notify:
      return noticesOf(row.payload as NotifyPayload)
    default:
      throw new Error(`outbox row ${row.id} is of an unknown kind, ${row.kind}`)
  }
}

export const outboxRowOf = (row: StoredTask): OutboxRow => ({
  id: row.id,
  owner: row.owner,
  task: taskOf(row),
  progress: row.progress,
  attempts: row.attempts,
  createdAt: row.createdAt.getTime()
})
