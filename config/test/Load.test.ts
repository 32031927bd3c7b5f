import { assert, describe, it } from "@effect/vitest"
import { ConfigurationError, load, table } from "@rookery/config/Load"
import * as Topology from "@rookery/config/Topology"
import { ConfigProvider, Effect, Redacted } from "effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const withEnvironment = (env: Record<string, string>) =>
  load.pipe(Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env })))

const problemsOf = (env: Record<string, string>) =>
  Effect.map(Effect.flip(withEnvironment(env)), (error) => {
    if (!(error instanceof ConfigurationError)) throw error
    return error
  })

describe("The configuration", () => {
  it.effect("has a default for everything", () =>
    Effect.gen(function*() {
      const settings = yield* withEnvironment({})
      assert.strictEqual(settings.host, "127.0.0.1")
      assert.strictEqual(settings.port, 8_080)
      assert.isUndefined(settings.databaseUrl)
      assert.strictEqual(settings.shardsPerGroup, 127)
      assert.deepStrictEqual(settings.machines, { first: 0, last: 1_023 })
    }))

  it.effect("is read from the environment, where a name may begin another name and an empty value is none", () =>
    Effect.gen(function*() {
      const settings = yield* withEnvironment({
        HOST: "::1",
        HOST_NAME: "elsewhere",
        PORT: " 9000 ",
        POST_TEXT_MAX: "",
        REGISTRATIONS_OPEN: "No",
        LOG_LEVEL: "debug",
        TRUSTED_PROXIES: "10.0.0.0/8, ::1",
        DATABASE_URL: "postgres://u:p@db/rookery"
      })
      assert.strictEqual(settings.host, "::1")
      assert.strictEqual(settings.port, 9_000)
      assert.strictEqual(settings.postTextMax, 500)
      assert.isFalse(settings.registrationsOpen)
      assert.strictEqual(settings.logLevel, "Debug")
      assert.deepStrictEqual(settings.trustedProxies, ["10.0.0.0/8", "::1"])
      assert.strictEqual(settings.databaseUrl, "postgres://u:p@db/rookery")
    }))

  it.effect("leaves the password grant to the program unless it is told", () =>
    Effect.gen(function*() {
      assert.isUndefined((yield* withEnvironment({})).passwordGrant)
      assert.isFalse((yield* withEnvironment({ PASSWORD_GRANT: "no" })).passwordGrant)
      assert.strictEqual(table().find(({ name }) => name === "PASSWORD_GRANT")!.fallback, "true in the one-process program, false in a cluster")
    }))

  it.effect("tells all wrong values at once: name, value and what is allowed", () =>
    Effect.gen(function*() {
      const error = yield* problemsOf({ PORT: "eighty", POST_TEXT_MAX: "0", LOG_LEVEL: "loud" })
      assert.strictEqual(
        error.message,
        [
          "wrong configuration:",
          "  PORT is \"eighty\"; allowed is a whole number from 0 to 65535",
          "  POST_TEXT_MAX is \"0\"; allowed is a whole number from 1 to 10000",
          "  LOG_LEVEL is \"loud\"; allowed is one of All, Trace, Debug, Info, Warn, Error, Fatal, None"
        ].join("\n")
      )
    }))

  const wrong: ReadonlyArray<readonly [name: string, value: string]> = [
    ["PORT", "65536"],
    ["PORT", "8080.5"],
    ["PORT", "0x50"],
    ["HOST", "two words"],
    ["HOST", "999.1.1.1"],
    ["SHARDS_PER_GROUP", "128"],
    ["FANOUT_DEMOTE_SHARE", "1.1"],
    ["FANOUT_DEMOTE_SHARE", "-0.5"],
    ["DATABASE_URL", "mysql://host/db"],
    ["DATABASE_URL", "host"],
    ["PUBLIC_URL", "example.org"],
    ["PUBLIC_URL", "https://example.org/rookery"],
    ["REGISTRATIONS_OPEN", "perhaps"],
    ["REGISTRATIONS_OPEN", "constructor"],
    ["TRUSTED_PROXIES", "10.0.0.0/33"],
    ["TRUSTED_PROXIES", "10.0.0.1,proxy"],
    ["INSTANCE_TITLE", "two\nlines"],
    ["TOPOLOGY", "../secrets"],
    ["TOPOLOGY", "nowhere"],
    ["DATACENTER", "atlantis"],
    ["PASSWORD_GRANT", "maybe"],
    ["EDGE_SECONDS", "59"],
    ["EDGE_SECONDS", "181"],
    ["VIEWS_MILLIS", "0"],
    ["NOTIFICATION_DAYS", "7"],
    ["SHARD_LOCK_EXPIRATION_MILLIS", "1500"]
  ]
  for (const [name, value] of wrong) {
    it.effect(`refuses ${name}=${JSON.stringify(value)}`, () =>
      Effect.gen(function*() {
        const { problems } = yield* problemsOf({ [name]: value })
        assert.deepStrictEqual(problems.map((problem) => [problem.name, problem.value]), [[name, value]])
      }))
  }

  it.effect("shows no password", () =>
    Effect.gen(function*() {
      const error = yield* problemsOf({ REDIS_URL: "http://user:secret@host" })
      assert.include(error.message, "http://user:***@host")
      assert.include((yield* problemsOf({ REDIS_URL: "user:secret@host" })).message, "user:***@host")
    }))

  it.effect("asks for all that a bucket needs, and shows nothing of its key", () =>
    Effect.gen(function*() {
      const { problems } = yield* problemsOf({ MEDIA_STORE: "s3" })
      assert.deepStrictEqual(problems.map((problem) => problem.name), ["S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"])
      const access = { MEDIA_STORE: "s3", S3_BUCKET: "b", S3_ACCESS_KEY_ID: "AKIA", S3_SECRET_ACCESS_KEY: "very secret" }
      const settings = yield* withEnvironment(access)
      assert.strictEqual(Redacted.value(settings.s3SecretAccessKey!), "very secret")
      assert.notInclude(JSON.stringify(settings.s3SecretAccessKey), "very")
      const error = yield* problemsOf({ ...access, S3_SECRET_ACCESS_KEY: "very\nsecret" })
      assert.deepStrictEqual(error.problems.map((problem) => problem.name), ["S3_SECRET_ACCESS_KEY"])
      assert.notInclude(error.message, "very")
    }))

  it("is listed for people, every setting once and with all its words", () => {
    const rows = table()
    assert.strictEqual(new Set(rows.map((row) => row.name)).size, rows.length)
    for (const row of rows) {
      assert.match(row.name, /^[A-Z][A-Z0-9_]+$/)
      assert.isNotEmpty(row.doc)
      assert.isNotEmpty(row.allowed)
    }
  })
})

const datacenter = (name: string, first: number, last: number) => ({ name, machines: { first, last } })

/** As {@link datacenter}, with the addresses that it needs beside others. */
const reachable = (name: string, first: number, last: number) => ({
  ...datacenter(name, first, last),
  nats: { url: `nats://nats.${name}:4222`, leafUrl: `nats-leaf://nats.${name}:7422` },
  fronts: [`https://${name}.example.org`]
})

const write = (file: string, content: unknown) => Effect.promise(() => writeFile(file, JSON.stringify(content)))

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "rookery-config-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

describe("A topology", () => {
  const reasonFor = (topology: unknown) => Effect.map(Effect.flip(Topology.parse(JSON.stringify(topology))), (e) => e.reason)

  it.effect("may not give a machine to two datacenters, nor name one twice, nor go past the last machine", () =>
    Effect.gen(function*() {
      assert.include(yield* reasonFor({ datacenters: [reachable("b", 5, 9), reachable("a", 0, 5)] }), "share machines")
      assert.include(yield* reasonFor({ datacenters: [reachable("a", 0, 1), reachable("a", 2, 3)] }), "twice")
      assert.include(yield* reasonFor({ datacenters: [datacenter("a", 3, 2)] }), "above its last")
      assert.include(yield* reasonFor({ datacenters: [datacenter("a", 0, 1_024)] }), "1023")
      const good = { datacenters: [reachable("a", 0, 4), reachable("b", 5, 9)] }
      assert.deepStrictEqual(yield* Topology.parse(JSON.stringify(good)), good)
    }))

  it.effect("of several needs addresses for each; of one it needs none", () =>
    Effect.gen(function*() {
      const one = reachable("a", 0, 4)
      const other = reachable("b", 5, 9)
      const without = (key: "nats" | "fronts") => {
        const { [key]: _, ...rest } = other
        return reasonFor({ datacenters: [one, rest] })
      }
      assert.include(yield* without("nats"), "b needs \"nats\"")
      assert.include(yield* without("fronts"), "b needs \"fronts\"")
      assert.include(yield* reasonFor({ datacenters: [one, { ...other, nats: one.nats }] }), "two datacenters have the leaf address")
      assert.isString(yield* reasonFor({ datacenters: [one, { ...other, fronts: ["ftp://b"] }] }))
      assert.isString(yield* reasonFor({ datacenters: [one, { ...other, nats: { ...other.nats, url: "nats://user:secret@b" } }] }))
      assert.isString(yield* reasonFor({ datacenters: [] }))
      yield* Topology.parse(JSON.stringify({ datacenters: [datacenter("a", 0, 1_023)] }))
    }))

  it.effect("gives every username slot to one datacenter, or says nothing of slots", () =>
    Effect.gen(function*() {
      const withSlots = (...slots: ReadonlyArray<ReadonlyArray<readonly [number, number]> | undefined>) => ({
        datacenters: slots.map((ranges, i) => ({
          ...reachable(`d${i}`, i, i),
          ...(ranges === undefined ? {} : { slots: ranges.map(([first, last]) => ({ first, last })) })
        }))
      })
      assert.include(yield* reasonFor(withSlots([[0, 600]], [[600, 1_023]])), "slot 600 is given twice")
      assert.include(yield* reasonFor(withSlots([[0, 599]], [[601, 1_023]])), "slot 600 is given to nobody")
      assert.include(yield* reasonFor(withSlots([[0, 1_023]], undefined)), "d1 has no \"slots\"")
      yield* Topology.parse(JSON.stringify(withSlots([[0, 9], [20, 1_023]], [[10, 19]], [])))
    }))
})

describe("A process of one datacenter of several", () => {
  const users = { own: { user: "a.a", password: "owns" }, others: { b: { user: "b.a", password: "reads" } } }
  const arrange = Effect.gen(function*() {
    const path = yield* folder
    const env = { TOPOLOGY: join(path, "world.json"), DATACENTER: "b", LINK_CREDENTIALS: join(path, "links.json") }
    yield* write(env.TOPOLOGY, { datacenters: [reachable("a", 0, 4), reachable("b", 5, 9)] })
    yield* write(env.LINK_CREDENTIALS, { ...users, others: { a: users.others.b } })
    return env
  })

  it.live("mints from its own block only, and knows the others and how to reach them", () =>
    Effect.gen(function*() {
      const settings = yield* withEnvironment(yield* arrange)
      assert.deepStrictEqual(settings.machines, { first: 5, last: 9 })
      assert.deepStrictEqual(settings.world.names, ["a", "b"])
      assert.strictEqual(settings.world.own, 1)
      assert.strictEqual(settings.links?.natsUrl, "nats://nats.b:4222")
      assert.strictEqual(settings.links?.credentials.others["a"]?.user, "b.a")
    }).pipe(Effect.scoped))

  it.live("refuses to start without the links' credentials, and shows none of them when it complains", () =>
    Effect.gen(function*() {
      const env = yield* arrange
      const complaint = (change: Partial<typeof env>) => Effect.map(problemsOf({ ...env, ...change }), ({ message }) => message)
      assert.include(yield* complaint({ LINK_CREDENTIALS: "" }), "LINK_CREDENTIALS")
      assert.include(yield* complaint({ LINK_CREDENTIALS: `${env.LINK_CREDENTIALS}.json` }), "there is no such file")
      yield* write(env.LINK_CREDENTIALS, users)
      assert.include(yield* complaint({}), "it has no user for a")
      yield* write(env.LINK_CREDENTIALS, { own: { user: "a.a", password: "a very secret word" } })
      const message = yield* complaint({})
      assert.include(message, "it is not of the form")
      assert.notInclude(message, "secret")
    }).pipe(Effect.scoped))

  it.live("is asked for no credentials when it is alone", () =>
    Effect.gen(function*() {
      assert.isUndefined((yield* withEnvironment({})).links)
    }))
})
