import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import * as Answer from "../src/http/Answer.ts"
import * as PageBuffers from "../src/http/PageBuffers.ts"
import * as Writer from "../src/http/Writer.ts"

const pageBytes = 120_000

/** Answers `/N` with a page of the byte N. */
const server = Effect.acquireRelease(
  Effect.promise(async () => {
    const made = createServer((incoming, response) => {
      const body = PageBuffers.take(pageBytes).fill(Number(incoming.url!.slice(1)))
      Writer.answer(response, Answer.page(body), incoming.method === "HEAD")
    })
    await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve))
    return made
  }),
  (made) => Effect.promise(() => new Promise<void>((resolve) => {
    made.closeAllConnections()
    made.close(() => resolve())
  }))
)

/** The page, read in parts while others are written. */
const read = (port: number, byte: number) =>
  Effect.promise(() => new Promise<Buffer>((resolve, reject) => {
    request({ host: "127.0.0.1", port, path: `/${byte}` }, (response) => {
      const parts: Array<Buffer> = []
      response.on("data", (part: Buffer) => {
        parts.push(part)
        response.pause()
        setImmediate(() => response.resume())
      })
      response.on("end", () => resolve(Buffer.concat(parts)))
    }).on("error", reject).end()
  }))

describe("memory of pages", () => {
  it("is used again once it is given back, once, and by one at a time", () => {
    const one = PageBuffers.take(40_000)
    const other = PageBuffers.take(40_000)
    assert.notStrictEqual(one.buffer, other.buffer)
    PageBuffers.give(one)
    PageBuffers.give(one)
    const [again, third] = [PageBuffers.take(41_000), PageBuffers.take(40_000)]
    assert.strictEqual(again.buffer, one.buffer)
    assert.notStrictEqual(third.buffer, one.buffer)
    assert.deepStrictEqual([again.length, third.length], [41_000, 40_000])
  })

  it("is not kept when it is small, very large, or somebody else's", () => {
    for (const bytes of [0, 4_000, 200_000]) {
      const page = PageBuffers.take(bytes)
      PageBuffers.give(page)
      assert.strictEqual(page.length, bytes)
    }
    const own = Buffer.alloc(40_000)
    PageBuffers.give(own)
    assert.notStrictEqual(PageBuffers.take(40_000).buffer, own.buffer)
  })

  it.live("holds what was answered until all of it is sent, however slowly it is read", () =>
    Effect.scoped(Effect.gen(function*() {
      const { port } = (yield* server).address() as AddressInfo
      const bytes = Array.from({ length: 120 }, (_, n) => n + 1)
      const pages = yield* Effect.forEach(bytes, (byte) => read(port, byte), { concurrency: 16 })
      pages.forEach((page, n) => assert.isTrue(page.equals(Buffer.alloc(pageBytes, bytes[n])), `page ${n}`))
    })))
})
