import { assert, describe, it } from "@effect/vitest"
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeFolder } from "../src/folder/makeFolder.ts"

const failure = (path: string) => makeFolder(path).then(() => "made", (error: NodeJS.ErrnoException) => error.code)

describe("makeFolder", () => {
  it("makes what is missing on the way, also when many make the same at once, and again does nothing", async () => {
    const top = await mkdtemp(join(tmpdir(), "rookery-folders-"))
    try {
      const deep = join(top, "a", "b", "c")
      await Promise.all(Array.from({ length: 10 }, () => makeFolder(deep)))
      await makeFolder(deep)
      assert.isTrue((await stat(deep)).isDirectory())
    } finally {
      await rm(top, { recursive: true })
    }
  })

  it("says what is wrong where a file is in the way, and where nothing can be made", async () => {
    const top = await mkdtemp(join(tmpdir(), "rookery-folders-"))
    try {
      await writeFile(join(top, "file"), "")
      assert.strictEqual(await failure(join(top, "file")), "EEXIST")
      assert.strictEqual(await failure(join(top, "file", "x")), "EEXIST")
      if (process.platform === "linux") assert.strictEqual(await failure("/proc/rookery/data"), "ENOENT")
    } finally {
      await rm(top, { recursive: true })
    }
  })
})
