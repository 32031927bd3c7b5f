/** Pictures that another datacenter has: where their addresses lead, and that any front passes them on. */
import { assert, describe, it } from "@effect/vitest"
import * as Datacenters from "@rookery/domain/Datacenters"
import * as Media from "@rookery/domain/Media"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect } from "effect"
import type { World } from "../src/home/World.ts"
import * as Addresses from "../src/render/Addresses.ts"
import { urlOf } from "../src/render/Media.ts"
import { cutOff, withWorld } from "./homeWorld.ts"
import { added, fetched } from "./pictures.ts"

const limit = 120_000

const names = ["east", "west", "south"]
const blocks = names.map((name, i) => ({ name, machines: { first: 10 * i, last: 10 * i + 9 } }))
const keyOn = (machine: number): string =>
  Media.keyOf(Media.stemOf(Snowflake.make(Date.now(), machine, 1), "0123456789abcdef".repeat(2)), "original", "webp")

describe("the address of a picture", () => {
  it("is its datacenter's where one is named, else the own one's, whose fronts pass it on", () => {
    const world = { datacenters: Datacenters.make(blocks, "east"), media: [undefined, "https://west.example/m", undefined] }
    const addresses = Addresses.among({ publicUrl: "https://east.example", mediaUrl: "https://cdn.example" }, world as unknown as World)
    const [own, west, south, nobodys] = [0, 10, 20, 99].map(keyOn) as [string, string, string, string]
    assert.strictEqual(urlOf(own, addresses), `https://cdn.example/${own}`)
    assert.strictEqual(urlOf(west, addresses), `https://west.example/m/${west}`)
    assert.strictEqual(urlOf(south, addresses), `https://east.example/media/${south}`)
    assert.strictEqual(urlOf(nobodys, addresses), `https://cdn.example/${nobodys}`)
  })
})

describe("a picture at a front of another datacenter", () => {
  it.live("comes from its owner, whole, in part or not again, and 503 says that it cannot be reached", () =>
    withWorld((world) =>
      Effect.gen(function*() {
        const [east, west] = world.all as [typeof world.all[0], typeof world.all[0]]
        const ann = yield* east.client.signUp("ann")
        const media = yield* added(east.client, ann)
        const path = new URL(media.url).pathname
        const get = (headers: Record<string, string> = {}) =>
          Effect.promise(async () => {
            const reply = await fetch(west.client.base + path, { headers })
            return { status: reply.status, headers: reply.headers, bytes: new Uint8Array(await reply.arrayBuffer()) }
          })
        const own = yield* fetched(east.client, media.url)
        const passed = yield* get()
        assert.deepStrictEqual([passed.status, passed.headers.get("content-type")], [200, own.headers.get("content-type")])
        assert.deepStrictEqual(Buffer.from(passed.bytes), Buffer.from(own.bytes))
        assert.strictEqual(passed.headers.get("cache-control"), Media.cacheControl)
        assert.strictEqual((yield* get({ range: "bytes=0-9" })).bytes.length, 10)
        assert.strictEqual((yield* get({ "if-none-match": passed.headers.get("etag")! })).status, 304)
        assert.strictEqual((yield* Effect.promise(() => fetch(`${west.client.base}${path}`.replace(/[0-9a-f](-original)/, "0$1x")))).status, 404)
        cutOff(world, 0)
        assert.strictEqual((yield* get()).status, 503)
      })), limit)
})
