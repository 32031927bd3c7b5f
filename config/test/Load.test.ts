import { assert, describe, it } from "@effect/vitest"
import { ConfigurationError, load, table } from "@rookery/config/Load"
import * as Topology from "@rookery/config/Topology"
import { ConfigProvider, Effect, Redacted } from "effect"

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
    ["SHARDS_PER_GROUP", "128"],
    ["FANOUT_DEMOTE_SHARE", "1.1"],
    ["FANOUT_DEMOTE_SHARE", "-0.5"],
    ["DATABASE_URL", "mysql://host/db"],
    ["DATABASE_URL", "host"],
    ["PUBLIC_URL", "example.org"],
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

describe("A topology", () => {
  const reasonFor = (topology: unknown) => Effect.map(Effect.flip(Topology.parse(JSON.stringify(topology))), (e) => e.reason)
  const datacenter = (name: string, first: number, last: number) => ({ name, machines: { first, last } })

  it.effect("may not give a machine to two datacenters, nor name one twice, nor go past the last machine", () =>
    Effect.gen(function*() {
      assert.include(yield* reasonFor({ datacenters: [datacenter("b", 5, 9), datacenter("a", 0, 5)] }), "share machines")
      assert.include(yield* reasonFor({ datacenters: [datacenter("a", 0, 1), datacenter("a", 2, 3)] }), "twice")
      assert.include(yield* reasonFor({ datacenters: [datacenter("a", 3, 2)] }), "above its last")
      assert.include(yield* reasonFor({ datacenters: [datacenter("a", 0, 1_024)] }), "1023")
      assert.deepStrictEqual(
        yield* Topology.parse(JSON.stringify({ datacenters: [datacenter("a", 0, 4), datacenter("b", 5, 9)] })),
        { datacenters: [datacenter("a", 0, 4), datacenter("b", 5, 9)] }
      )
    }))
})
