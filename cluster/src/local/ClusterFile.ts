/** `cluster.json`: where a local cluster is, for the CLI, for scripts and for people. */
import { Schema } from "effect"
import { join } from "node:path"
import * as stateFile from "./stateFile.ts"

const MemberEntry = Schema.Struct({
  /** Where there are several. */
  datacenter: Schema.optionalKey(Schema.String),
  kind: Schema.Literals(["runner", "front"]),
  number: Schema.Int,
  pid: Schema.Int,
  /** Where the cluster reaches it. */
  address: Schema.String,
  /** Metrics and health; a front's is what clients use. */
  url: Schema.String
})

/** One of several; without servers while it is stopped. */
const DatacenterEntry = Schema.Struct({
  name: Schema.String,
  /** Any of its fronts. */
  frontsUrl: Schema.String,
  /** What the command line and further programs of this datacenter are to be told, as `NAME=value` lines. */
  envFile: Schema.String,
  servers: Schema.optionalKey(Schema.Struct({ postgresUrl: Schema.String, redisUrl: Schema.String, natsUrl: Schema.String }))
})

const ClusterEntry = Schema.Struct({
  pid: Schema.Int,
  /** The servers are left out where there are several datacenters. */
  postgresUrl: Schema.optionalKey(Schema.String),
  redisUrl: Schema.optionalKey(Schema.String),
  natsUrl: Schema.optionalKey(Schema.String),
  datacenters: Schema.optionalKey(Schema.Array(DatacenterEntry)),
  /** Takes operator commands, with the token as bearer. */
  control: Schema.Struct({ url: Schema.String, token: Schema.String }),
  members: Schema.Array(MemberEntry)
})
export type ClusterEntry = typeof ClusterEntry.Type

const pathIn = (folder: string): string => join(folder, "cluster.json")

/** The file's path, once it is written. */
export const write = async (folder: string, entry: ClusterEntry): Promise<string> => {
  await stateFile.write(pathIn(folder), entry)
  return pathIn(folder)
}

export const remove = (folder: string): Promise<void> => stateFile.remove(pathIn(folder))

/** Undefined when no local cluster of this folder runs. */
export const read = (folder: string): Promise<ClusterEntry | undefined> => stateFile.read(pathIn(folder), ClusterEntry)
