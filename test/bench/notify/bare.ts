/**
 * The same likes without Rookery: like, count and notification in one transaction each on the same Postgres, then PUBLISH
 * to Redis, and a bare `ws` server. The transaction is one statement and there is no HTTP before it, in favour of this side.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import * as Bare from "../baselines/bareServer.ts"
import * as Resp from "../baselines/RespClient.ts"
import * as Sockets from "../live/sockets.ts"
import * as Probing from "../memory/probing.ts"
import { makeLedger, type Pair, pairs } from "./likes.ts"
import type { World } from "./notify.ts"
import type { Hearing, Side } from "./steps.ts"

/** As many connections to Postgres as a runner has. */
const connectionsMax = 10

const schema = [
  "CREATE TABLE bare_posts (id bigint PRIMARY KEY, author bigint NOT NULL, likes integer NOT NULL DEFAULT 0) WITH (fillfactor = 70)",
  "CREATE TABLE bare_likes (post bigint, account bigint, PRIMARY KEY (post, account))",
  `CREATE TABLE bare_notifications (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account bigint NOT NULL,
    from_account bigint NOT NULL, post bigint NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`,
  "CREATE INDEX ON bare_notifications (account, id DESC)",
  "INSERT INTO bare_posts (id, author) SELECT id, author FROM posts"
]

const likeSql = `WITH liked AS (INSERT INTO bare_likes (post, account) VALUES ($1, $2)),
    counted AS (UPDATE bare_posts SET likes = likes + 1 WHERE id = $1 RETURNING author)
  INSERT INTO bare_notifications (account, from_account, post) SELECT author, $2, $1 FROM counted
  RETURNING id::text, created_at`

interface Made {
  readonly id: string
  readonly created_at: Date
}

/** A frame that Rookery sent, as a message to Redis about another like. */
const template = (sample: string) => {
  const { payload } = JSON.parse(sample) as { readonly payload: string }
  const notification = JSON.parse(payload) as { readonly account: object; readonly status: object }
  return ({ liker, post }: Pair, made: Made): string =>
    JSON.stringify({
      stream: "user:notification",
      event: "notification",
      payload: {
        ...notification,
        id: made.id,
        created_at: made.created_at.toISOString(),
        account: { ...notification.account, id: liker },
        status: { ...notification.status, id: post }
      }
    })
}

const connectPostgres = Effect.fnUntraced(function*(url: string) {
  const sql = yield* PgClient.make({ url: Redacted.make(url), maxConnections: connectionsMax, startupParameters: { jit: "off" } })
  for (const statement of schema) yield* sql.unsafe(statement)
  yield* sql.unsafe("VACUUM ANALYZE bare_posts")
  return sql
})

export const bareSide = Effect.fnUntraced(function*(world: World, sample: string, heard: Hearing) {
  const { cluster } = world
  const sql = yield* connectPostgres(cluster.postgresUrl).pipe(Effect.provide(Reactivity.layer))
  const redisPort = cluster.servers!.redis.port
  const redis = yield* Effect.acquireRelease(
    Effect.promise(() => Resp.open(redisPort)),
    (client) => Effect.sync(client.close)
  )
  const server = yield* Bare.start(redisPort, Probing.environment(cluster.probeFolder))
  const ledger = makeLedger()
  const onText = (frame: Buffer) => ledger.take(frame, heard.seen, heard.from, heard.to)
  const path = (i: number) => `/timeline:${world.recipients[i]!}:notifications`
  yield* Sockets.open({ port: server.port, path, tokens: world.recipients, onText })
  const authors = new Map(world.posts.map((post) => [post.id, post.author]))
  const messageOf = template(sample)
  const run = Effect.runCallbackWith(yield* Effect.context<never>())
  const publish = (pair: Pair, made: Made) =>
    redis.send(Resp.command("PUBLISH", `timeline:${authors.get(pair.post)!}:notifications`, messageOf(pair, made)), 1)
  const side: Side = {
    watched: [
      { name: "ws", pid: server.pid },
      { name: "postgres", pid: cluster.servers!.postgres.pid },
      { name: "redis", pid: cluster.servers!.redis.pid }
    ],
    ledger,
    slots: 256,
    next: pairs(world.likers, world.posts.map((post) => post.id)),
    like: (_, pair, onEnd) => {
      const write = sql.unsafe<Made>(likeSql, [BigInt(pair.post), BigInt(pair.liker)])
      run(Effect.flatMap(write, ([made]) => Effect.promise(() => publish(pair, made!))), {
        onExit: (exit) => onEnd(exit._tag === "Success")
      })
    }
  }
  return side
})
