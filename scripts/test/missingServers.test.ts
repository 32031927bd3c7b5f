/** What `npm test` says on a machine that lacks a server, and where it cannot be had. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** `npm test`, less npm, where the programs `hidden` are not to be found. */
const runTests = (hidden: string, path = process.env["PATH"]) => {
  const folder = mkdtempSync(join(tmpdir(), "rookery-missing-"))
  try {
    const { status, stderr, stdout } = spawnSync(process.execPath, [fileOf("../bootstrap.mjs"), "test", "no-such-test"], {
      encoding: "utf8",
      env: {
        ...process.env,
        NODE_OPTIONS: `--import=${fileOf("programs/withoutPrograms.mjs")}`,
        HIDDEN_PROGRAMS: hidden,
        PATH: path,
        TMPDIR: folder
      }
    })
    return { status, output: stdout + stderr, left: readdirSync(folder) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** With a PATH that begins with an apt that reaches nobody. */
const withApt = <A>(use: (path: string) => A): A => {
  const folder = mkdtempSync(join(tmpdir(), "rookery-apt-"))
  const options = { mode: 0o755 }
  try {
    writeFileSync(join(folder, "apt-get"), "#!/bin/sh\necho \"E: Could not resolve 'deb.debian.org'\" >&2\nexit 100\n", options)
    writeFileSync(join(folder, "dpkg"), "#!/bin/sh\nexit 100\n", options)
    return use(folder + delimiter + process.env["PATH"])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const again = "(elsewhere: put these programs into PATH), then run this again\n"

describe("a machine without the servers that tests need", () => {
  it("is told what to install where there is no apt, and the command fails and leaves nothing", () => {
    const { left, output, status } = runTests("redis-server nats-server apt-get")
    assert.include(
      output,
      "\nFailed: servers\nredis-server, nats-server: not on this machine, which has no apt to get them with. " +
        `Install with: sudo apt-get install redis-server nats-server ${again}`
    )
    assert.strictEqual(status, 1)
    assert.deepStrictEqual(left, [])
  })

  it("is told of those alone that it lacks", () => {
    const { output, status } = runTests("nats-server dpkg")
    assert.include(output, `\nFailed: servers\nnats-server: not on this machine, which has no apt to get them with. Install with: sudo apt-get install nats-server ${again}`)
    assert.strictEqual(status, 1)
  })

  it("is told why Debian's packages could not be fetched, and what to install", () => {
    const { left, output, status } = withApt((path) => runTests("redis-server nats-server", path))
    assert.include(output, "Fetching redis-server and nats-server from Debian (nothing is installed on the system)\n")
    assert.include(
      output,
      "redis-server, nats-server: not on this machine, and Debian's packages could not be fetched: E: Could not resolve 'deb.debian.org'. " +
        `Install with: sudo apt-get install redis-server nats-server ${again}`
    )
    assert.strictEqual(status, 1)
    assert.deepStrictEqual(left, [])
  })
})
