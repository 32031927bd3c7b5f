/** What the actors may be tuned by. Times are milliseconds. */
import * as FanoutMode from "@rookery/domain/FanoutMode"
import * as Limits from "@rookery/domain/Limits"

export interface Settings {
  readonly threshold: FanoutMode.Threshold
  /** Entries that a window, and a ring, holds at most. */
  readonly windowEntriesMax: number
  /** Posts of one author that a window load reads at most. */
  readonly loadPostsPerAuthorMax: number
  /** Windows that a runner keeps at most; beyond it the longest unread go. */
  readonly residentTimelinesMax: number
  /** Follower sets that a runner keeps for when their authors publish again, in bytes. */
  readonly audienceBytesMax: number
  /** A ring older than this is read again behind the next read. */
  readonly ringMaxAgeMillis: number
  /** How often the modes of authors are read again. */
  readonly modesIntervalMillis: number
  /** How often a runner looks whether something was imported past the actors; it then lets go of what it has in memory. */
  readonly importsIntervalMillis: number
  /** A runner that stood still for longer drops its memory and refuses reads for `confirmMillis`. Must be below the shard lock's expiration. */
  readonly pauseMaxMillis: number
  /** How long after a pause the locks are doubted; at least two lock refreshes. */
  readonly confirmMillis: number
  /** How long an outbox row belongs to whoever drives it, unless its owner's shard moves. */
  readonly claimMillis: number
  /** After this, at the earliest, a row is tried again that could not be carried out; the wait doubles each time. */
  readonly retryMillis: number
  /** Where the doubling ends. With a sweep more that is what a follower at most waits for a post once all is well again. */
  readonly retryMillisMax: number
  /** How often a runner looks for outbox rows that nobody drives. */
  readonly sweepMillis: number
  /** How often windows that changed are written to the snapshot store. */
  readonly snapshotMillis: number
  /** How long a lane waits for company between two messages: what a follower at most waits longer for a post. An eighth where it was idle. */
  readonly lingerMillis: number
  /** Bound of one message to another actor. */
  readonly messageTimeoutMillis: number
  /** Bytes waiting for one shard at most. */
  readonly laneBytesMax: number
  /** Fan-outs that a runner drives at once; the rest wait in the outbox. */
  readonly fanoutsMax: number
}

export const defaults: Settings = {
  threshold: FanoutMode.defaultThreshold,
  windowEntriesMax: Limits.windowEntriesMax,
  loadPostsPerAuthorMax: Limits.loadPostsPerAuthorMax,
  residentTimelinesMax: 200_000,
  audienceBytesMax: 64 * 1024 * 1024,
  ringMaxAgeMillis: 3_000,
  modesIntervalMillis: 2_000,
  importsIntervalMillis: 2_000,
  pauseMaxMillis: 2_500,
  confirmMillis: 4_000,
  claimMillis: 15_000,
  retryMillis: 500,
  retryMillisMax: 4_000,
  sweepMillis: 1_000,
  snapshotMillis: 30_000,
  lingerMillis: 20,
  messageTimeoutMillis: 5_000,
  laneBytesMax: 8 * 1024 * 1024,
  fanoutsMax: 20_000
}
