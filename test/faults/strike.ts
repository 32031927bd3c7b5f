/** Killing a runner in the middle of fan-outs to a crowd, and seeing that every window has every acknowledged post, once. */
import type { Member } from "@rookery/cluster/local/LocalCluster"
import { PostId } from "@rookery/domain/Ids"
import { defaults } from "@rookery/entities/Settings"
import { AuthorStore } from "@rookery/store/AuthorStore"
import { IdSource } from "@rookery/store/IdSource"
import { OutboxStore } from "@rookery/store/OutboxStore"
import { PostStore } from "@rookery/store/PostStore"
import type { StoreError } from "@rookery/store/StoreError"
import * as Client from "@rookery/testkit/Client"
import { draft } from "@rookery/testkit/Drafts"
import { Deferred, Effect, Schedule } from "effect"
import { quiesce } from "../oracle/verify.ts"
import { broken } from "../oracle/world.ts"
import * as Crowd from "./crowd.ts"
import { recoveryMillis, runnersOf } from "./faults.ts"
import * as Ground from "./ground.ts"

const postsAtOnce = 8
/** Read of each timeline when all are compared. */
const newestMax = 40

export interface Stage {
  readonly client: Client.Client
  readonly crowd: Crowd.Crowd
  /** Ids of the author's posts. */
  readonly acknowledged: Array<bigint>
}

/** Makes an author with `size` followers; before any runner serves, since it goes past the actors. */
export const prepare = (name: string, size: number) =>
  Effect.gen(function*() {
    const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 40_000 })
    const stage: Stage = { client, crowd: yield* Crowd.make(name, size), acknowledged: [] }
    return stage
  })

/** Loads the window of every follower. */
export const warm = ({ crowd }: Stage) =>
  Effect.asVoid(Crowd.homes(crowd.followers, 1).pipe(Effect.retry(Schedule.recurs(2))))

const publish = ({ acknowledged, client, crowd }: Stage, key: string) =>
  Effect.map(client.publish(crowd.author.id, key, draft("to everyone")), (post) => void acknowledged.push(post.id))

/** The runner on which the author's actor lives: its counter is the one that a post moves. */
const runnerOfAuthor = (ground: Ground.Ground, stage: Stage) =>
  Effect.gen(function*() {
    const runners = runnersOf(ground)
    const counts = Effect.forEach(runners, (runner) => Ground.metric(runner, "rookery_published_total"))
    const before = yield* counts
    yield* publish(stage, `probe ${stage.acknowledged.length}`)
    const after = yield* counts
    return runners.find((_, n) => after[n]! > before[n]!) ?? (yield* broken("some runner published", { before, after }))
  })

/** What a runner has left behind that is killed right after a commit: a post that only it would fan out, for as long as its claim lasts. */
const leaveBehind = ({ acknowledged, crowd: { author } }: Stage) =>
  Effect.gen(function*() {
    const { version } = (yield* (yield* AuthorStore).load(author.id))!
    const id = PostId.make(yield* (yield* IdSource).mint)
    const row = { id, author: author.id, version, requestKey: `left ${id}`, draft: draft("left behind") }
    const [result] = yield* (yield* PostStore).publish([{ ...row, claimMillis: defaults.claimMillis }])
    if (result?._tag !== "Published") yield* broken("a post is committed", { result })
    acknowledged.push(id)
  })

const backlog = Effect.flatMap(OutboxStore, (outbox) => Effect.map(outbox.backlog, ({ rows }) => rows))

/** Milliseconds until readers of every shard are answered again. */
const untilServed = ({ crowd }: Stage) =>
  Effect.gen(function*() {
    const from = performance.now()
    yield* Crowd.homes(crowd.followers.filter((_, n) => n % 10 === 0), 1)
    return performance.now() - from
  })

/**
 * Posts come all at once; at the first acknowledgement the runner is killed, while the rest is on its way. Ends when
 * all are acknowledged and fanned out, and readers are served again.
 */
const killDuring = (stage: Stage, runner: Member, isOwn: boolean) =>
  Effect.gen(function*() {
    const killed = yield* Deferred.make<number, StoreError>()
    let killedAt = 0
    const kill = runner.kill("SIGKILL").pipe(
      Effect.andThen(Effect.sync(() => (killedAt = performance.now()))),
      Effect.andThen(Deferred.into(backlog, killed))
    )
    let struck = false
    const killAtFirst = Effect.suspend(() => {
      if (struck) return Effect.void
      struck = true
      return kill
    })
    const round = stage.acknowledged.length
    if (isOwn) yield* leaveBehind(stage)
    const post = (n: number) => Effect.andThen(publish(stage, `burst ${round} ${n}`), killAtFirst)
    const posts = Effect.forEach(Array.from({ length: postsAtOnce }, (_, n) => n), post, { concurrency: "unbounded" })
    const served = Effect.andThen(Deferred.await(killed), untilServed(stage))
    const [, millis] = yield* Effect.all([posts, served], { concurrency: 2 })
    yield* quiesce(recoveryMillis)
    return { millis, open: yield* Deferred.await(killed), doneMillis: performance.now() - killedAt }
  })

const verify = ({ acknowledged, crowd }: Stage, when: string) =>
  Effect.gen(function*() {
    const expected = [...acknowledged].sort((a, b) => (a > b ? -1 : 1)).slice(0, newestMax)
    const homes = yield* Crowd.homes([...crowd.followers, crowd.author], newestMax)
    const wrong = [...homes].filter(([, ids]) => ids.length !== expected.length || ids.some((id, n) => id !== expected[n]))
    if (wrong.length > 0) {
      yield* broken("every follower has every acknowledged post, once (I1, I2)", {
        when,
        wrong: wrong.length,
        timelines: homes.size,
        expected,
        first: wrong.slice(0, 3)
      })
    }
  })

export interface Struck {
  /** From the kill until readers of every shard were answered. */
  readonly millis: number
  /** Fan-outs that were not done right after the kill. */
  readonly open: number
  /** From the kill until all were. */
  readonly doneMillis: number
}

/** Kills the author's own runner, or another, and starts one in its place. */
export const strike = (ground: Ground.Ground, stage: Stage, whose: "own" | "other") =>
  Effect.gen(function*() {
    const own = yield* runnerOfAuthor(ground, stage)
    yield* quiesce(recoveryMillis)
    yield* verify(stage, "before the kill")
    const victim = whose === "own" ? own : runnersOf(ground).find((runner) => runner !== own)!
    const struck: Struck = yield* killDuring(stage, victim, victim === own)
    yield* verify(stage, `after the ${whose} runner was killed`)
    yield* ground.startRunner()
    return struck
  })
