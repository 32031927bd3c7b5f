/** Reads all settings at a program's start. Wrong ones are told together, so that a start fails once and not once for each. */
import * as Datacenters from "@rookery/domain/Datacenters"
import { Config, Effect, Option, Schema } from "effect"
import * as LinkCredentials from "./LinkCredentials.ts"
import { type Setting, withoutPassword } from "./Setting.ts"
import { type Settings, settings } from "./Settings.ts"
import * as Topology from "./Topology.ts"

/** A value that is not allowed; what it was is shown without passwords. */
export const Problem = Schema.Struct({ name: Schema.String, value: Schema.String, allowed: Schema.String })
export type Problem = typeof Problem.Type

export class ConfigurationError extends Schema.TaggedError<ConfigurationError>()("ConfigurationError", {
  problems: Schema.Array(Problem)
}) {
  override get message(): string {
    const lines = this.problems.map(({ allowed, name, value }) => `  ${name} is ${JSON.stringify(value)}; allowed is ${allowed}`)
    return ["wrong configuration:", ...lines].join("\n")
  }
}

/** All settings, and what the topology says of this datacenter. */
export interface Configuration extends Settings {
  readonly machines: Topology.Datacenter["machines"]
  readonly datacenters: ReadonlyArray<Topology.Datacenter>
  /** The same datacenters as plain facts: who owns an id, who decides about a username. */
  readonly world: Datacenters.Datacenters
  /** Undefined when there is only one datacenter. */
  readonly links: Links | undefined
}

/** How the own NATS server is used for the links to other datacenters. */
export interface Links {
  readonly natsUrl: string
  readonly credentials: LinkCredentials.LinkCredentials
}

const shownMax = 200

const problem = (name: string, value: string, allowed: string): Problem => ({
  name,
  value: withoutPassword(value).slice(0, shownMax),
  allowed
})

const entries = Object.entries(settings) as ReadonlyArray<[keyof Settings, Setting<unknown>]>

/** A setting's value, or undefined after its problem was noted. */
const readOne = (setting: Setting<unknown>, problems: Array<Problem>) =>
  Effect.map(Config.option(Config.String(setting.name)), (given) => {
    if (Option.isNone(given)) return setting.fallback
    const value = setting.read(given.value.trim())
    if (value === undefined) problems.push(problem(setting.name, setting.isSecret === true ? "…" : given.value, setting.allowed))
    return value
  })

const readAll = Effect.gen(function*() {
  const problems: Array<Problem> = []
  const values: Partial<Record<keyof Settings, unknown>> = {}
  for (const [key, setting] of entries) values[key] = yield* readOne(setting, problems)
  if (problems.length > 0) return yield* new ConfigurationError({ problems })
  return values as Settings
})

/** What is wrong between settings that are right by themselves. */
const crossProblems = (values: Settings): Array<Problem> => [...lockProblems(values), ...mediaProblems(values)]

/** What a bucket needs. */
const mediaProblems = (values: Settings): Array<Problem> => {
  if (values.mediaStore === "folder") return []
  const needed = ["s3Bucket", "s3AccessKeyId", "s3SecretAccessKey"] as const
  return needed.filter((key) => (values[key] ?? "") === "").map((key) =>
    problem(settings[key].name, "", `${settings[key].allowed}, where ${settings.mediaStore.name} is s3`))
}

const lockProblems = (values: Settings): Array<Problem> => {
  const { shardLockExpirationMillis: expiration, shardLockRefreshMillis: refresh } = values
  if (expiration >= 2 * refresh) return []
  const least = `at least twice ${settings.shardLockRefreshMillis.name}, ${2 * refresh}`
  return [problem(settings.shardLockExpirationMillis.name, String(expiration), least)]
}

/** Reads the topology; notes what is wrong with it, or that the own datacenter is not in it. */
const readTopology = (values: Settings, problems: Array<Problem>) =>
  Effect.gen(function*() {
    const noteTopology = (error: Topology.TopologyError) =>
      Effect.sync(() => {
        problems.push(problem("TOPOLOGY", values.topology, `${settings.topology.allowed} (${error.reason})`))
        return { datacenters: [] }
      })
    const { datacenters } = yield* Effect.catch(Topology.load(values.topology), noteTopology)
    const own = datacenters.find(({ name }) => name === values.datacenter)
    if (own === undefined && datacenters.length > 0) {
      problems.push(problem("DATACENTER", values.datacenter, `one of ${datacenters.map(({ name }) => name).join(", ")}`))
    }
    return { datacenters, own }
  })

/** Undefined for who is alone, and after a problem was noted. */
const readLinks = (
  values: Settings,
  own: Topology.Datacenter,
  others: ReadonlyArray<string>,
  problems: Array<Problem>
): Effect.Effect<Links | undefined> =>
  Effect.gen(function*() {
    if (others.length === 0 || own.nats === undefined) return undefined
    const { url: natsUrl } = own.nats
    const note = (reason: string) =>
      Effect.sync(() => {
        const { allowed, name } = settings.linkCredentials
        problems.push(problem(name, values.linkCredentials, `${allowed} (${reason})`))
        return undefined
      })
    const credentials = yield* Effect.catch(LinkCredentials.load(values.linkCredentials, others), note)
    return credentials === undefined ? undefined : { natsUrl, credentials }
  })

const withTopology = (values: Settings) =>
  Effect.gen(function*() {
    const problems = crossProblems(values)
    const { datacenters, own } = yield* readTopology(values, problems)
    if (own === undefined) return yield* new ConfigurationError({ problems })
    const others = datacenters.filter((datacenter) => datacenter !== own).map(({ name }) => name)
    const links = yield* readLinks(values, own, others, problems)
    if (problems.length > 0) return yield* new ConfigurationError({ problems })
    return { ...values, machines: own.machines, datacenters, world: Datacenters.make(datacenters, own.name), links }
  })

/** Reads the settings from the `ConfigProvider`; programs leave it at the environment. */
export const load: Effect.Effect<Configuration, ConfigurationError | Config.ConfigError> = Effect.flatMap(
  readAll,
  withTopology
)

/** Every setting for people: its name, what it is set to by default, what is allowed, and what it is for. */
export const table = (): Array<{ name: string; fallback: string; allowed: string; doc: string }> =>
  entries.map(([, { allowed, doc, fallback, name, show }]) => ({ name, fallback: show(fallback), allowed, doc }))
