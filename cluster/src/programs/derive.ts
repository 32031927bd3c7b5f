/** What the parts of a program are told, out of the configuration. */
import type { Links } from "@rookery/bus/Links"
import type { Configuration } from "@rookery/config/Load"
import { settings } from "@rookery/config/Settings"
import * as Entities from "@rookery/entities/Settings"
import type { World } from "@rookery/front/home/World"
import { defaultLimits, type FrontSettings } from "@rookery/front/Settings"
import type { CopyStore } from "@rookery/store/CopyStore"
import type { LogOptions } from "@rookery/observe/Logs"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Patience } from "../layers/awaitDependency.ts"
import type { Knobs, Member } from "../layers/shardingKnobs.ts"
import type * as Storage from "../layers/Storage.ts"
import { isatty } from "node:tty"

/**
 * Entities go after this without a message, with the next look of Effect's reaper, which comes every 5 s at most: each is 12 to 19 kB in
 * small pieces, much of what a runner's garbage collector has to look at while many post, and what is warm is kept beside them.
 */
const ENTITY_IDLE_MS = 3_000

export const version: string = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version

export const knobs = (configuration: Configuration): Knobs => ({
  shardsPerGroup: configuration.shardsPerGroup,
  residentEntitiesMax: configuration.residentEntitiesMax,
  entityIdleMillis: ENTITY_IDLE_MS,
  lockExpirationMillis: configuration.shardLockExpirationMillis,
  lockRefreshMillis: configuration.shardLockRefreshMillis,
  assignmentsMillis: configuration.assignmentsRefreshMillis,
  healthCheckMillis: configuration.runnerHealthCheckMillis,
  pollMillis: configuration.entityPollMillis
})

export const member = (configuration: Configuration, holdsShards: boolean): Member => ({
  host: configuration.runnerHost,
  port: configuration.runnerPort,
  holdsShards
})

export const patience = (configuration: Configuration): Patience => ({
  attemptsMax: configuration.connectAttemptsMax,
  pauseMillis: configuration.connectPauseMillis
})

const withoutSlash = (address: string): string => address.replace(/\/$/, "")

const mediaPlace = (configuration: Configuration): Storage.MediaPlace => {
  const { dataDir, mediaFolder, mediaStore, s3Endpoint, s3Region, s3SecretAccessKey } = configuration
  if (mediaStore === "folder") return { kind: "folder", folder: resolve(mediaFolder === "" ? join(dataDir, "media") : mediaFolder) }
  return {
    kind: "s3",
    settings: {
      endpoint: withoutSlash(s3Endpoint ?? `https://s3.${s3Region}.amazonaws.com`),
      bucket: configuration.s3Bucket,
      region: s3Region,
      accessKeyId: configuration.s3AccessKeyId,
      // That it is there was checked with the settings.
      secretAccessKey: s3SecretAccessKey!,
      pathStyle: configuration.s3PathStyle
    }
  }
}

/** What all members of a cluster must be told alike, by the names of the settings: who is gone is decided by these. */
export const agreed = (configuration: Configuration): Readonly<Record<string, number>> => ({
  [settings.shardLockRefreshMillis.name]: configuration.shardLockRefreshMillis,
  [settings.shardLockExpirationMillis.name]: configuration.shardLockExpirationMillis
})

/** For the servers' address, the process's name and the datacenter; which servers there are is the program's choice. */
export const storage = (
  configuration: Configuration,
  processName: string
): Omit<Storage.Options, "postgresUrl" | "redisUrl" | "natsUrl"> => ({
  processName,
  connectionsMax: configuration.databasePoolMax,
  machineBlock: configuration.machines,
  shardsPerGroup: configuration.shardsPerGroup,
  patience: patience(configuration),
  media: mediaPlace(configuration)
})

/**
 * A lock was confirmed at most one refresh before a pause began, and is gone when it is not confirmed for the expiration:
 * only a pause well below the difference leaves the locks beyond doubt.
 */
const pauseMax = (configuration: Configuration): number =>
  Math.min(
    Entities.defaults.pauseMaxMillis,
    0.6 * (configuration.shardLockExpirationMillis - configuration.shardLockRefreshMillis)
  )

export const entities = (configuration: Configuration): Entities.Settings => ({
  ...Entities.defaults,
  threshold: { promoteAt: configuration.fanoutPushThreshold, demoteShare: configuration.fanoutDemoteShare },
  residentTimelinesMax: configuration.residentTimelinesMax,
  pauseMaxMillis: pauseMax(configuration),
  confirmMillis: 2 * configuration.shardLockRefreshMillis
})

export const urlOf = (host: string, port: number): string => `http://${host.includes(":") ? `[${host}]` : host}:${port}`

const copies = ({ edgeSeconds, edgeStaleSeconds, viewsMillis }: Configuration) => ({ edgeSeconds, edgeStaleSeconds, viewsMillis })

export const front = (configuration: Configuration, frontId: string): FrontSettings => ({
  host: configuration.host,
  port: configuration.port,
  publicUrl: withoutSlash(configuration.publicUrl ?? urlOf(configuration.host, configuration.port)),
  ...(configuration.mediaBaseUrl === undefined ? {} : { mediaUrl: withoutSlash(configuration.mediaBaseUrl) }),
  frontId,
  version,
  title: configuration.instanceTitle,
  description: "A social feed server built as sharded actors",
  contactEmail: "",
  registrationsOpen: configuration.registrationsOpen,
  passwordGrant: configuration.passwordGrant ?? false,
  trustedProxies: configuration.trustedProxies,
  postCharactersMax: configuration.postTextMax,
  limits: { ...defaultLimits, ...copies(configuration), bodyBytesMax: configuration.bodyBytesMax, searchMillisMax: configuration.searchMillisMax, uploadBytesMax: configuration.mediaMaxBytes }
})

/** The other datacenters; undefined for who is alone. */
export const world = (
  configuration: Configuration,
  links: Links["Service"] | undefined,
  copies?: CopyStore["Service"]
): World | undefined =>
  links === undefined ? undefined : {
    datacenters: configuration.world,
    fronts: configuration.datacenters.map(({ fronts }) => fronts ?? []),
    media: configuration.datacenters.map(({ media }) => media === undefined ? undefined : withoutSlash(media)),
    links,
    ...(copies === undefined ? {} : { copies })
  }

export const logs = (configuration: Configuration): LogOptions => ({
  format: configuration.logFormat,
  level: configuration.logLevel,
  isTerminal: isatty(1)
})
