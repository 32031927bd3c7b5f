/** What a program that runs leaves for the command line. */
import { assert, describe, it } from "@effect/vitest"
import * as OneFile from "@rookery/cluster/local/OneFile"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const inFolder = async (use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "rookery-state-"))
  try {
    await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const entry = { pid: process.pid, postgresUrl: "postgres://127.0.0.1/x", url: "http://127.0.0.1:1" }

describe("a state file", () => {
  it("says what runs, as long as it does", () =>
    inFolder(async (folder) => {
      assert.isUndefined(await OneFile.read(folder))
      await OneFile.write(folder, entry)
      assert.deepStrictEqual(await OneFile.read(folder), entry)
      await OneFile.remove(folder)
      assert.isUndefined(await OneFile.read(folder))
    }))

  it("that is damaged is named", () =>
    inFolder(async (folder) => {
      for (const text of ["{", "{\"pid\": 1}", ""]) {
        await writeFile(join(folder, "one.json"), text)
        const failure = await OneFile.read(folder).then(() => undefined, String)
        assert.include(failure, join(folder, "one.json"))
      }
    }))
})
