/** Commands that go through an actor where a runner is, and straight into the store where none is. */
import { assert, describe, it } from "@effect/vitest"
import { AccountStore } from "@rookery/store/AccountStore"
import { AuthorStore } from "@rookery/store/AuthorStore"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Effect } from "effect"
import { soon } from "./actors.ts"
import { ask, makeToken } from "./one.ts"
import { startOperated } from "./operated.ts"
import * as program from "./program.ts"

/** How an author's posts reach their followers, as it is written down. */
const modeOf = (databaseUrl: string, name: string) =>
  Effect.gen(function*() {
    const account = yield* (yield* AccountStore).byUsername(name)
    const row = yield* (yield* AuthorStore).load(account!.id)
    return `${row!.override}: ${row!.mode}`
  }).pipe(Effect.provide(TestCluster.stores(databaseUrl, "test reader")))

/** Whoever has two followers is pulled, which only the members are told. */
const setUp = Effect.gen(function*() {
  const { cluster, rookery, urls } = yield* startOperated({ FANOUT_PUSH_THRESHOLD: "2" })
  const setTo = (override: string) =>
    Effect.map(rookery("author", "star", "--fanout", override), ({ output }) => output)
  const becomes = (mode: string) => soon(modeOf(urls.DATABASE_URL, "star"), (now) => now === mode)
  return { cluster, urls, setTo, becomes }
})

describe("an author's fan-out", () => {
  it.live("is set by its actor where a runner is, which knows the cluster's threshold, and no post is lost over it", () =>
    Effect.scoped(Effect.gen(function*() {
      const { becomes, cluster, setTo, urls } = yield* setUp
      const [front] = yield* Effect.all([cluster.startFront(), cluster.startRunner()], { concurrency: 2 })
      const [star, one, two] = (yield* Effect.forEach(["star", "one", "two"], (name) => makeToken(urls, name))) as [string, string, string]
      const { id } = (yield* ask(`${front.url}/api/v1/accounts/lookup?acct=star`, one)).body as { readonly id: string }
      for (const follower of [one, two]) yield* ask(`${front.url}/api/v1/accounts/${id}/follow`, follower, {})
      const isTold = (status: string) =>
        Effect.andThen(
          ask(`${front.url}/api/v1/statuses`, star, { status }),
          soon(ask(`${front.url}/api/v1/timelines/home`, one), ({ body }) => JSON.stringify(body).includes(status))
        )
      yield* becomes("auto: pull")
      assert.include(yield* setTo("push"), "star is set to push; now: pull\n")
      yield* becomes("push: push")
      yield* isTold("pushed")
      assert.include(yield* setTo("auto"), "star is set to auto; now: push\n")
      yield* becomes("auto: pull")
      yield* isTold("pulled")
    })), 120_000)

  it.live("is written down where no runner is, and the next that starts carries it out", () =>
    Effect.scoped(Effect.gen(function*() {
      const { becomes, cluster, setTo, urls } = yield* setUp
      yield* makeToken(urls, "star")
      assert.include(yield* setTo("push"), "star is set to push; now: push\n")
      assert.include(yield* setTo("pull"), "star is set to pull; now: both push and pull, until the change is done\n")
      const runner = yield* cluster.startRunner()
      yield* becomes("pull: pull")
      yield* runner.stop
      assert.include(yield* setTo("auto"), "star is set to auto; now: both push and pull, until the change is done\n")
      yield* cluster.startRunner()
      yield* becomes("auto: push")
    })), 120_000)
})

describe("deleting a post", () => {
  it.live("goes through its actor where a runner is, which tells every front by itself", () =>
    Effect.scoped(Effect.gen(function*() {
      const { cluster, rookery, urls } = yield* startOperated()
      const [front] = yield* Effect.all([cluster.startFront(), cluster.startRunner()], { concurrency: 2 })
      const ada = yield* makeToken(urls, "ada")
      const { id } = (yield* ask(`${front.url}/api/v1/statuses`, ada, { status: "soon gone" })).body as { readonly id: string }
      const status = Effect.map(ask(`${front.url}/api/v1/statuses/${id}`, ada), (answer) => answer.status)
      assert.strictEqual(yield* status, 200)
      // Who writes past the actor must tell of it over NATS, which this operator cannot reach.
      const cutOff = (...args: ReadonlyArray<string>) => program.run("rookery", args, { ...urls, NATS_URL: "nats://127.0.0.1:1" })
      const { code, output } = yield* cutOff("posts", "delete", id, "--reason", "a test")
      assert.deepStrictEqual({ code, output }, { code: 0, output: `deleted ${id}: "soon gone"\n` })
      yield* soon(status, (answer) => answer === 404)
      const again = yield* rookery("posts", "delete", id)
      assert.strictEqual(again.code, 1)
      assert.include(again.output, `there is no post ${id}`)
    })), 120_000)
})
