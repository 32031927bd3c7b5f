/** `cluster.json`: where a local cluster is, for the CLI, for scripts and for people. Holds secrets, so mode 0600. */
import { Schema } from "effect"
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"

const MemberEntry = Schema.Struct({
  kind: Schema.Literals(["runner", "front"]),
  number: Schema.Int,
  pid: Schema.Int,
  /** Where the cluster reaches it. */
  address: Schema.String,
  /** Metrics and health; a front's is what clients use. */
  url: Schema.String
})

export const ClusterEntry = Schema.Struct({
  pid: Schema.Int,
  postgresUrl: Schema.String,
  redisUrl: Schema.String,
  natsUrl: Schema.String,
  /** Takes operator commands, with the token as bearer. */
  control: Schema.Struct({ url: Schema.String, token: Schema.String }),
  members: Schema.Array(MemberEntry)
})
export type ClusterEntry = typeof ClusterEntry.Type

export const pathIn = (folder: string): string => join(folder, "cluster.json")

export const write = async (file: string, entry: ClusterEntry): Promise<void> => {
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.new-${process.pid}`
  await writeFile(draft, `${JSON.stringify(entry, undefined, 2)}\n`, { mode: 0o600 })
  await rename(draft, file)
}

export const remove = (file: string): Promise<void> => rm(file, { force: true })

/** What the file says, unless there is none, it is not readable as such, or the process that wrote it is gone. */
export const read = async (file: string): Promise<ClusterEntry | undefined> => {
  const text = await readFile(file, "utf8").catch(() => undefined)
  if (text === undefined) return undefined
  const entry = Schema.decodeUnknownSync(Schema.fromJsonString(ClusterEntry))(text)
  return isAlive(entry.pid) ? entry : undefined
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM"
  }
}
