/** What processes say of themselves under `/metrics`. */
import { Effect, Schedule } from "effect"

/** Values by name and labels as they are written there: `rookery_http_requests_total{route="home",status="200"}`. */
export type Metrics = ReadonlyMap<string, number>

const limit = "10 seconds"

const parse = (text: string): Metrics => {
  const values = new Map<string, number>()
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue
    const end = line.lastIndexOf(" ")
    values.set(line.slice(0, end), Number(line.slice(end + 1)))
  }
  return values
}

/** One process's metrics; `url` is its address. */
export const read = (url: string): Effect.Effect<Metrics, Error> =>
  Effect.tryPromise({
    try: async (signal) => parse(await (await fetch(`${url}/metrics`, { signal })).text()),
    catch: (cause) => new Error(`${url}/metrics: ${String(cause)}`)
  }).pipe(Effect.timeout(limit))

/** Sum of one metric over processes; one that nobody has is an error, for then its name is wrong. */
export const total = (members: ReadonlyArray<{ readonly url: string }>, name: string): Effect.Effect<number, Error> =>
  Effect.flatMap(
    Effect.forEach(members, (member) => read(member.url), { concurrency: "unbounded" }),
    (all) => {
      const found = all.flatMap((metrics) => metrics.get(name) ?? [])
      if (found.length === 0) return Effect.fail(new Error(`no process has the metric ${name}`))
      return Effect.succeed(found.reduce((sum, value) => sum + value, 0))
    }
  )

/** Asks every `everyMillis` until `isThere` holds; fails after `seconds`. */
export const until = <E>(
  what: string,
  seconds: number,
  everyMillis: number,
  isThere: Effect.Effect<boolean, E>
): Effect.Effect<void, E | Error> =>
  isThere.pipe(
    Effect.repeat({ until: (done) => done, schedule: Schedule.spaced(everyMillis) }),
    Effect.timeoutOrElse({
      duration: seconds * 1000,
      orElse: () => Effect.fail(new Error(`${what}: not within ${seconds} s`))
    }),
    Effect.asVoid
  )

/** Actors that nobody asks go after a while; what they left in tables stays. */
export const noActors = (type: "Author" | "Session", runners: ReadonlyArray<{ readonly url: string }>) =>
  until(`no idle ${type} actor`, 180, 1_000, Effect.map(
    total(runners, `effect_cluster_entities{type="${type}"}`),
    (actors) => actors === 0
  ))
