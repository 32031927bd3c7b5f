/** Every setting of the programs, once. Times are milliseconds; bounds are inclusive. */
import { isIP } from "node:net"
import { media } from "./MediaSettings.ts"
import { boolean, integer, list, maybe, oneOf, origin, prime, type Setting, share, text, url } from "./Setting.ts"

const hostPattern = /^[A-Za-z0-9.:_-]+$/
const aHost = { allowed: "a host name or an address to listen on", pattern: hostPattern, lengthMax: 255 }

const isNetwork = (item: string): boolean => {
  const [address, bits, ...rest] = item.split("/")
  const family = isIP(address!)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

/** 999.1.1.1 has the letters of a host, and is none. */
const host = (name: string, about: { readonly fallback: string; readonly doc: string }): Setting<string> => {
  const letters = text(name, { ...aHost, ...about })
  const read = (value: string) => URL.canParse(`http://${isIP(value) === 6 ? `[${value}]` : value}`) ? letters.read(value) : undefined
  return { ...letters, read }
}

const serving = {
  host: host("HOST", { fallback: "127.0.0.1", doc: "Where the HTTP server listens" }),
  port: integer("PORT", 0, 65_535, { fallback: 8_080, doc: "Port of the HTTP server; 0 takes a free one" }),
  publicUrl: origin(url("PUBLIC_URL", ["http:", "https:"], {
    example: "https://example.org",
    doc: "The address that clients use, for links and ids; http://HOST:PORT if left out"
  })),
  trustedProxies: list("TRUSTED_PROXIES", isNetwork, {
    countMax: 64,
    allowed: "IP addresses or networks such as 10.0.0.0/8, at most 64, between commas",
    doc: "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed"
  }),
  bodyBytesMax: integer("BODY_BYTES_MAX", 1_024, 16_777_216, { fallback: 262_144, doc: "Bytes of a request's body at most" })
}

const copies = {
  edgeSeconds: integer("EDGE_SECONDS", 60, 180, {
    fallback: 60,
    doc: "Seconds for which caches before a front keep posts and profiles that anybody may see, as max-age says them"
  }),
  edgeStaleSeconds: integer("EDGE_STALE_SECONDS", 0, 86_400, {
    fallback: 60,
    doc: "Seconds beyond those for which such a cache may use a copy while it asks anew, as stale-while-revalidate says them"
  }),
  viewsMillis: integer("VIEWS_MILLIS", 100, 600_000, {
    fallback: 5_000,
    doc: "How often a front writes how often posts were looked at; a crash loses what is not written"
  })
}

const product = {
  instanceTitle: text("INSTANCE_TITLE", {
    fallback: "Rookery",
    allowed: "1 to 100 characters in one line",
    pattern: /^\P{Cc}+$/u,
    lengthMax: 100,
    doc: "The server's name, as clients show it"
  }),
  postTextMax: integer("POST_TEXT_MAX", 1, 10_000, { fallback: 500, doc: "Characters of a post at most" }),
  registrationsOpen: boolean("REGISTRATIONS_OPEN", { fallback: true, doc: "Whether anyone may sign up" }),
  passwordGrant: maybe(
    boolean("PASSWORD_GRANT", { fallback: false, doc: "Whether OAuth's password grant is offered, by which programs ask for passwords themselves" }),
    "true in the one-process program, false in a cluster"
  ),
  notificationDays: integer("NOTIFICATION_DAYS", 14, 3_650, {
    fallback: 90,
    doc: "Days after which notifications are forgotten, read or not"
  }),
  pastDays: integer("PAST_DAYS", 0, 36_500, {
    fallback: 180,
    doc: "Days after which the posts of a whole month are kept compressed, as readable as before; 0 for never"
  })
}

const dependencies = {
  dataDir: text("DATA_DIR", {
    fallback: ".data",
    allowed: "a path of at most 4096 characters",
    pattern: /^[^\0]+$/,
    lengthMax: 4_096,
    doc: "The folder for the embedded database and other local state"
  }),
  databaseUrl: url("DATABASE_URL", ["postgres:", "postgresql:"], {
    example: "postgres://user:password@host:5432/rookery",
    doc: "The Postgres server; the embedded one if left out"
  }),
  redisUrl: url("REDIS_URL", ["redis:", "rediss:"], {
    example: "redis://host:6379",
    doc: "The Redis server; snapshots stay in memory if left out"
  }),
  natsUrl: url("NATS_URL", ["nats:", "tls:"], {
    example: "nats://host:4222",
    doc: "The NATS server; the bus stays in the process if left out"
  }),
  databasePoolMax: integer("DATABASE_POOL_MAX", 2, 500, { fallback: 10, doc: "Connections to Postgres of one process" }),
  connectAttemptsMax: integer("CONNECT_ATTEMPTS_MAX", 1, 1_000, {
    fallback: 30,
    doc: "Attempts at start to reach a dependency, before the program gives up"
  }),
  connectPauseMillis: integer("CONNECT_PAUSE_MILLIS", 10, 60_000, {
    fallback: 1_000,
    doc: "Pause between these attempts"
  })
}

const fanout = {
  fanoutPushThreshold: integer("FANOUT_PUSH_THRESHOLD", 1, 100_000_000, {
    fallback: 10_000,
    doc: "Local followers at which an author is pulled instead of pushed"
  }),
  fanoutDemoteShare: share("FANOUT_DEMOTE_SHARE", 0.1, 1, {
    fallback: 0.7,
    doc: "Share of the threshold below which a pulled author is pushed again"
  }),
  residentTimelinesMax: integer("RESIDENT_TIMELINES_MAX", 100, 10_000_000, {
    fallback: 100_000,
    doc: "Home timelines that one runner keeps in memory, some 12 kB each"
  }),
  residentEntitiesMax: integer("RESIDENT_ENTITIES_MAX", 1_000, 10_000_000, {
    fallback: 100_000,
    doc: "Entities alive in one runner, some 17 kB each; at the bound new ones are refused"
  })
}

const cluster = {
  topology: text("TOPOLOGY", {
    fallback: "single",
    allowed: "the name of a file in config/datacenters, without .json, or the absolute path of a .json file",
    pattern: /^([\w-]+|([A-Za-z]:)?[\\/].+\.json)$/,
    lengthMax: 4_096,
    doc: "Which datacenters there are, which machine ids and username slots they own, and where they are reached"
  }),
  datacenter: text("DATACENTER", {
    fallback: "home",
    allowed: "the name of a datacenter of the topology",
    pattern: /^[\w-]+$/,
    lengthMax: 100,
    doc: "The datacenter that this process runs in"
  }),
  linkCredentials: text("LINK_CREDENTIALS", {
    fallback: "",
    allowed: "the absolute path of a .json file, for a topology of several datacenters",
    pattern: /^([A-Za-z]:)?[\\/].+\.json$/,
    lengthMax: 4_096,
    doc: "Users and passwords for the links between datacenters"
  }),
  remoteCopiesMax: integer("REMOTE_COPIES_MAX", 100, 100_000_000, {
    fallback: 500_000,
    doc: "Contents of other datacenters' posts that are kept, some 500 bytes each; those read seldom go first"
  }),
  remoteCopyDays: integer("REMOTE_COPY_DAYS", 0, 36_500, {
    fallback: 90,
    doc: "Age of a post of another datacenter from which on its content is not kept"
  }),
  remoteFetchAheadReaders: integer("REMOTE_FETCH_AHEAD_READERS", 1, 100_000_000, {
    fallback: 100,
    doc: "Local followers of an author elsewhere from which on contents are fetched when they are announced"
  }),
  remoteSearchDays: integer("REMOTE_SEARCH_DAYS", 0, 36_500, {
    fallback: 90,
    doc: "Age of a post of another datacenter up to which its words are fetched, for search here; 0: never"
  }),
  repairIntervalMillis: integer("REPAIR_INTERVAL_MILLIS", 1_000, 3_600_000, {
    fallback: 15_000,
    doc: "How often what is recent is compared with each other datacenter"
  }),
  tombstoneDays: integer("TOMBSTONE_DAYS", 7, 36_500, {
    fallback: 40,
    doc: "How long the ends of posts are kept, so that nothing late brings them back; the same in all datacenters"
  }),
  shardsPerGroup: prime("SHARDS_PER_GROUP", 2, 9_973, {
    fallback: 127,
    doc: "Shards of the cluster; fixed for the life of a database"
  }),
  runnerHost: text("RUNNER_HOST", { ...aHost, fallback: "127.0.0.1", doc: "Where other members reach this one" }),
  runnerPort: integer("RUNNER_PORT", 1, 65_535, { fallback: 34_431, doc: "Port for other members" }),
  shardLockRefreshMillis: integer("SHARD_LOCK_REFRESH_MILLIS", 100, 60_000, {
    fallback: 2_000,
    doc: "How often a runner confirms its shard locks"
  }),
  shardLockExpirationMillis: integer("SHARD_LOCK_EXPIRATION_MILLIS", 500, 300_000, {
    fallback: 6_000,
    doc: "Silence after which a runner that hangs counts as gone (one that was killed is noticed sooner); also what a pause may last"
  }),
  assignmentsRefreshMillis: integer("ASSIGNMENTS_REFRESH_MILLIS", 100, 60_000, {
    fallback: 500,
    doc: "How often members look who owns which shard"
  }),
  runnerHealthCheckMillis: integer("RUNNER_HEALTH_CHECK_MILLIS", 100, 300_000, {
    fallback: 1_000,
    doc: "How often members look whether runners answer"
  }),
  entityPollMillis: integer("ENTITY_POLL_MILLIS", 50, 10_000, {
    fallback: 1_000,
    doc: "How long the shard loop may sleep; bounds the gap after a Postgres restart"
  })
}

const discovery = {
  searchIndexMillis: integer("SEARCH_INDEX_MILLIS", 50, 600_000, {
    fallback: 1_000,
    doc: "How often new posts are taken into the search, by one member of all"
  }),
  searchMillisMax: integer("SEARCH_MILLIS_MAX", 100, 8_000, {
    fallback: 2_000,
    doc: "How long one page of found posts may take; it then shows what was found, and where to go on"
  }),
  trendsMillis: integer("TRENDS_MILLIS", 1_000, 86_400_000, {
    fallback: 60_000,
    doc: "How often trends are computed, by one member of all"
  }),
  trendsHalfLifeMillis: integer("TRENDS_HALF_LIFE_MILLIS", 60_000, 604_800_000, {
    fallback: 21_600_000,
    doc: "Time after which a use of a tag, or the age of a post, counts half"
  }),
  trendsAccountsMin: integer("TRENDS_ACCOUNTS_MIN", 2, 1_000_000, {
    fallback: 3,
    doc: "Accounts that use a tag, or like or repost a post, before it is a trend"
  })
}

const logs = {
  logLevel: oneOf("LOG_LEVEL", ["All", "Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"], {
    fallback: "Info",
    doc: "The least important lines that are logged"
  }),
  logFormat: oneOf("LOG_FORMAT", ["auto", "pretty", "json"], {
    fallback: "auto",
    doc: "Lines for people or JSON; auto: for people on a terminal"
  })
}

export const settings = { ...serving, ...copies, ...product, ...dependencies, ...fanout, ...cluster, ...discovery, ...media, ...logs }

/** What the programs are given: every setting by its short name. */
export type Settings = {
  readonly [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer A> ? A : never
}
