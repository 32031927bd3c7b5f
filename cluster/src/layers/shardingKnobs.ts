/** The knobs of `effect/cluster`, tuned so that a killed runner's people are served again within seconds. */
import { Option } from "effect"
import { RunnerAddress, type ShardingConfig } from "effect/cluster"

/** A process as the cluster knows it. */
export interface Member {
  /** Where the other members reach it; also its name in the cluster. */
  readonly host: string
  readonly port: number
  /** Where it listens, if not at `host`. */
  readonly listenHost?: string | undefined
  /** Runners do; fronts are members too, but without shards. */
  readonly holdsShards: boolean
}

export interface Knobs {
  /** Fixed for a cluster's life; prime, so that ids spread evenly. */
  readonly shardsPerGroup: number
  /** Entities that one runner keeps at most; sends to further ids are refused with `MailboxFull`. */
  readonly residentEntitiesMax: number
  /** An idle entity goes after this; the reaper looks every 5 s or so. */
  readonly entityIdleMillis: number
  /**
   * How long a runner that is silent (stopped, cut off from the database) keeps its shards, and how often it confirms
   * them. Shorter heals sooner; longer forgives longer pauses of process or database.
   */
  readonly lockExpirationMillis: number
  readonly lockRefreshMillis: number
  /** How often members look who owns which shard. */
  readonly assignmentsMillis: number
  readonly healthCheckMillis: number
  /** The loop that takes shards waits this long after a failure, such as a restart of Postgres. */
  readonly pollMillis: number
}

/** As the settings have them; for tests and benches. */
export const defaultKnobs: Knobs = {
  shardsPerGroup: 127,
  residentEntitiesMax: 100_000,
  entityIdleMillis: 30_000,
  lockExpirationMillis: 6000,
  lockRefreshMillis: 2000,
  assignmentsMillis: 500,
  healthCheckMillis: 1000,
  pollMillis: 1000
}

type Config = ShardingConfig.ShardingConfig["Service"]

/** What one process and a real cluster have in common. */
const common = (knobs: Knobs): Partial<Config> => ({
  shardsPerGroup: knobs.shardsPerGroup,
  maxResidentEntities: knobs.residentEntitiesMax,
  entityMaxIdleTime: knobs.entityIdleMillis,
  entityTerminationTimeout: "5 seconds",
  // Costs 4 µs a message and proves nothing outside of tests.
  simulateRemoteSerialization: false
})

/** Alone: nobody else's shards to look for. */
export const alone = (knobs: Knobs): Partial<Config> => ({
  ...common(knobs),
  runnerAddress: Option.some(RunnerAddress.make("one-process", 1)),
  entityMessagePollInterval: "1 hour",
  entityReplyPollInterval: "1 hour",
  refreshAssignmentsInterval: "1 hour",
  sendRetryInterval: "20 millis"
})

/** With others: every interval here is part of the time from `kill -9` to the next answer. */
export const together = (knobs: Knobs, member: Member): Partial<Config> => ({
  ...common(knobs),
  runnerAddress: Option.some(RunnerAddress.make(member.host, member.port)),
  runnerListenAddress: Option.some(RunnerAddress.make(member.listenHost ?? member.host, member.port)),
  assignedShardGroups: member.holdsShards ? ["default"] : [],
  shardLockExpiration: knobs.lockExpirationMillis,
  shardLockRefreshInterval: knobs.lockRefreshMillis,
  refreshAssignmentsInterval: knobs.assignmentsMillis,
  runnerHealthCheckInterval: knobs.healthCheckMillis,
  entityMessagePollInterval: knobs.pollMillis,
  sendRetryInterval: "50 millis"
})
