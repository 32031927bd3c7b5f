/**
 * Requests made up from the schema, and then spoiled, to everything that a front answers: each gets an answer that is
 * no 5xx, refusals are the contract's, and afterwards all is as it should be.
 */
import { assert, describe, inject, it } from "@effect/vitest"
import * as CountCheck from "@rookery/testkit/CountCheck"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { eventually, withFront } from "./frontWorld.ts"
import * as Draft from "./fuzz/Draft.ts"
import * as Frames from "./fuzz/frames.ts"
import * as FuzzWorld from "./fuzz/fuzzWorld.ts"
import { finished, type Got, send, type Sent } from "./fuzz/send.ts"
import { spoil } from "./fuzz/spoil.ts"
import * as Targets from "./fuzz/targets.ts"
import { journey } from "./journey.ts"

const atOnce = 4
/** A 503 says "again, shortly": only one that stays is a failure. */
const attemptsMax = 3

const seed = inject("oracleSeed")
const seconds = inject("fuzzSeconds")

/** The nth request to a target: the same whenever the seed is. */
const requestOf = (random: Seeded.Seeded, target: Targets.Target, known: Draft.Known, values: ReturnType<typeof Draft.values>) => {
  const draft = spoil(random, Draft.plausible(random, target, known, values))
  if (target.isStream && random.chance(0.5)) Frames.upgrade(random, draft)
  return { sent: finished(draft, Frames.frames(random)), spoiled: draft.spoiled }
}

/** What a browser is shown, it is shown as a page. */
const isPage = ({ headers, path }: Sent, { type }: Got): boolean =>
  path.startsWith("/oauth/authorize") && headers["accept"] === "text/html" && type.startsWith("text/html")

const isAllowedElsewhere = ({ path }: Sent, { status }: Got): boolean =>
  status === 304 || path.toLowerCase().startsWith("/oauth/authorize")

/** What is wrong with an answer, if anything is. */
const complaint = (sent: Sent, got: Got): string | undefined => {
  const { status, text, type } = got
  if (status === 0) return text
  if (status >= 500) return "a failure of the server's"
  if (status < 300) return undefined
  if (status < 400) return isAllowedElsewhere(sent, got) ? undefined : "sent elsewhere"
  if (isPage(sent, got)) return undefined
  if (!type.startsWith("application/json")) return `refused as ${type}`
  if (sent.method === "HEAD") return undefined
  const wrong = problems("Error", JSON.parse(text))
  return wrong.length === 0 ? undefined : `no error of the contract: ${wrong.join(", ")}`
}

const ask = (base: string, sent: Sent) =>
  Effect.gen(function*() {
    let got = yield* Effect.promise(() => send(base, sent))
    for (let attempt = 1; got.status === 503 && attempt < attemptsMax; attempt++) {
      yield* Effect.sleep(1_000)
      got = yield* Effect.promise(() => send(base, sent))
    }
    return got
  })

const shown = ({ body, headers, method, path }: Sent): string =>
  `${method} ${JSON.stringify(path.slice(0, 600))} ${JSON.stringify(headers).slice(0, 600)} ${JSON.stringify(body?.toString("latin1").slice(0, 600))}`

/** Sends to every target in turn until the time is up, and to each at least once; answers what was complained of. */
const fuzz = (base: string, targets: ReadonlyArray<Targets.Target>, known: Draft.Known) =>
  Effect.gen(function*() {
    const random = Seeded.make(seed)
    const values = Draft.values(known)
    const until = Date.now() + seconds * 1_000
    const complaints = new Map<string, string>()
    const statuses = new Map<number, number>()
    let count = 0
    const one = (target: Targets.Target, own: Seeded.Seeded) =>
      Effect.gen(function*() {
        const { sent, spoiled } = requestOf(own, target, known, values)
        const got = yield* ask(base, sent)
        statuses.set(got.status, (statuses.get(got.status) ?? 0) + 1)
        count++
        const wrong = complaint(sent, got)
        const where = `${target.method} ${target.path}`
        if (wrong !== undefined) complaints.set(`${where}: ${wrong}`, `[${spoiled.join(", ")}] ${shown(sent)}: ${got.status} ${got.text.slice(0, 300)}`)
      })
    let asked = targets
    do {
      // Drawn before they run, so that the order of the answers does not change what is asked.
      const round = asked.map((target) => one(target, random.fork()))
      yield* Effect.all(round, { concurrency: atOnce, discard: true })
      asked = targets.filter(({ isThere }) => isThere)
    } while (Date.now() < until)
    console.log(`seed ${seed}: ${count} requests to ${targets.length} targets, answers by status`, Object.fromEntries(statuses))
    return complaints
  })

describe("requests made up from the schema", () => {
  it.live(`are answered or refused, and nothing breaks (seed ${seed})`, () =>
    withFront((client) =>
      Effect.gen(function*() {
        const targets = yield* Targets.all(client)
        const complaints = yield* fuzz(client.base, targets, yield* FuzzWorld.make(client))
        const all = [...complaints].map(([what, example]) => `${what}\n    ${example}`)
        assert.strictEqual(all.length, 0, `run again with ROOKERY_SEED=${seed}\n${all.join("\n")}`)
        assert.isUndefined(({} as Record<string, unknown>)["polluted"], "no prototype has changed")
        yield* eventually(CountCheck.differences, (differences) => differences.length === 0)
        yield* journey(client, "after")
      })), (seconds + 200) * 1_000)
})
