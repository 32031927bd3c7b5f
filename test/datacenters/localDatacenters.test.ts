/** `npm run cluster -- --datacenters 2`, less npm: complete datacenters, linked, that an operator can part and stop. */
import { assert, describe, it } from "@effect/vitest"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect, Schedule } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as program from "../cluster/program.ts"

interface ClusterFile {
  readonly datacenters: ReadonlyArray<{ readonly name: string; readonly frontsUrl: string; readonly envFile: string; readonly servers?: object }>
  readonly members: ReadonlyArray<{ readonly datacenter: string; readonly kind: string; readonly url: string }>
}

const startLimitMillis = 150_000

const readCluster = (dataDir: string) =>
  Effect.promise(async () => JSON.parse(await readFile(join(dataDir, "cluster.json"), "utf8")) as ClusterFile)

const readEnv = (file: string) =>
  Effect.promise(async () =>
    Object.fromEntries((await readFile(file, "utf8")).trim().split("\n").map((line) => {
      const at = line.indexOf("=")
      return [line.slice(0, at), line.slice(at + 1)]
    })) as Record<string, string>
  )

const get = (url: string) => Effect.promise(() => fetch(url, { signal: AbortSignal.timeout(20_000) }))

/** Waits until a process says that its link to `datacenter` is up (1) or not (0). */
const linkIs = (url: string, datacenter: string, up: 0 | 1) =>
  Effect.flatMap(get(`${url}/metrics`), (response) => Effect.promise(() => response.text())).pipe(
    Effect.filterOrFail((text) => text.includes(`rookery_link_up{datacenter="${datacenter}"} ${up}`)),
    Effect.retry({ schedule: Schedule.spaced("250 millis"), times: 240 })
  )

const tokenOf = (env: Readonly<Record<string, string>>, dataDir: string, name: string) =>
  Effect.map(program.run("rookery", ["accounts", "token", name], { DATA_DIR: dataDir, ...env }), ({ output }) => {
    const token = /^0\.[\w-]{43}$/m.exec(output)?.[0]
    return token ?? assert.fail(`no token of datacenter 0 in: ${output}`)
  })

describe("the local datacenters", () => {
  it.live("see each other, are parted and healed, stopped and started again, and mint ids of their own", () =>
    Effect.scoped(Effect.gen(function*() {
      const dataDir = yield* program.folder
      const cli = (env: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) =>
        Effect.tap(program.run("rookery", args, { DATA_DIR: dataDir, ...env }), ({ code, output }) =>
          Effect.sync(() => assert.strictEqual(code, 0, output)))
      const args = ["--datacenters", "2", "--runners", "1", "--fronts", "1", "--latency-ms", "20"]
      const cluster = yield* program.start("cluster", args, { DATA_DIR: dataDir })
      yield* cluster.says(/The datacenters run\./, startLimitMillis)
      const { datacenters, members } = yield* readCluster(dataDir)
      assert.deepStrictEqual(datacenters.map(({ name }) => name), ["east", "west"])
      assert.strictEqual(members.length, 4)
      for (const { datacenter, url } of members) yield* linkIs(url, datacenter === "east" ? "west" : "east", 1)

      const [east, west] = [datacenters[0]!, datacenters[1]!]
      yield* cli({}, "cluster", "cut", "east", "west", "--one-way")
      const eastFront = members.find(({ datacenter, kind }) => datacenter === "east" && kind === "front")!
      yield* linkIs(eastFront.url, "west", 0)
      assert.strictEqual((yield* get(`${eastFront.url}/ready`)).status, 200)
      yield* cli({}, "cluster", "heal", "east", "west")
      yield* linkIs(eastFront.url, "west", 1)

      assert.match((yield* program.run("rookery", ["accounts", "list"], { DATA_DIR: dataDir })).output, /several datacenters run here/)
      for (const { envFile, frontsUrl, name } of [east, west]) {
        yield* cli(yield* readEnv(envFile), "accounts", "create", name, "--email", `${name}@example.org`, "--password", "correct-horse")
        const account = yield* Effect.promise(async () => (await fetch(`${frontsUrl}/api/v1/accounts/lookup?acct=${name}`)).json())
        const machine = Snowflake.machineOf(BigInt((account as { readonly id: string }).id))
        assert.strictEqual(machine < 512 ? "east" : "west", name)
      }

      const eastEnv = yield* readEnv(east.envFile)
      const asEast = { headers: { authorization: `Bearer ${yield* tokenOf(eastEnv, dataDir, "east")}` } }
      const whoAmI = Effect.promise(() => fetch(`${west.frontsUrl}/api/v1/accounts/verify_credentials`, asEast))
      const me = yield* Effect.flatMap(whoAmI, (response) => Effect.promise(() => response.json()))
      assert.strictEqual((me as { readonly username: string }).username, "east", "west's front passes east's people home")
      const again = ["accounts", "create", "West", "--email", "other@example.org", "--password", "correct-horse"]
      const refused = yield* program.run("rookery", again, { DATA_DIR: dataDir, ...eastEnv })
      assert.match(refused.output, /the name is taken/, "one of both decides about it, and east is not west")

      // The command looks once, for at most 2 s: a machine under load may need another look.
      const status = Effect.map(cli(eastEnv, "datacenters", "status"), ({ output }) => output)
      const isTold = (told: string) =>
        /this is east\nwest +connected, \d+ messages to read\n[^]*0 messages refused\nto be told: \d+ facts/.test(told)
      const told = yield* Effect.repeat(status, { until: isTold, times: 5 })
      assert.isTrue(isTold(told), told)
      assert.match((yield* cli({}, "cluster", "stop-datacenter", "west")).output, /west stopped/)
      yield* linkIs(eastFront.url, "west", 0)
      assert.isUndefined((yield* readCluster(dataDir)).datacenters[1]!.servers)
      yield* cli({}, "cluster", "start-datacenter", "west")
      yield* linkIs(eastFront.url, "west", 1)
      assert.strictEqual((yield* get(`${west.frontsUrl}/api/v1/accounts/lookup?acct=west`)).status, 200)
      yield* cli({}, "cluster", "add-runner", "--datacenter", "west")
      assert.match((yield* cli({}, "cluster", "status")).output, /west[^]*runner 2/)

      cluster.kill("SIGINT")
      assert.strictEqual((yield* cluster.ended).code, 0)
    })), 300_000)
})
