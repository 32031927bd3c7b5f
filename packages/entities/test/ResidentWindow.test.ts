import { assert, describe, it } from "@effect/vitest"
import * as EntryBytes from "@rookery/domain/EntryBytes"
import * as Window from "@rookery/domain/TimelineWindow"
import { Effect } from "effect"
import * as PulledAuthors from "../src/PulledAuthors.ts"
import * as Resident from "../src/ResidentWindow.ts"

const ids = (window: Window.TimelineWindow): Array<number> =>
  Array.from({ length: window.length }, (_, rank) => Window.loAt(window, rank))

type Posts = ReadonlyArray<readonly [id: number, author: number]>

const packed = (posts: Posts) =>
  EntryBytes.of(posts.map(([id, authorNo]) => ({ id: BigInt(id), authorNo })).toReversed())

/** What a load brings; posts are named oldest first. */
const loaded = (followees: ReadonlyArray<number>, posts: Posts, floor = 0, older: Posts = []): Resident.Loaded => ({
  followees: Uint32Array.from(followees),
  hidden: new Uint32Array(0),
  entries: [packed(older), packed(posts)],
  floor: BigInt(floor)
})

const resident = (followees: ReadonlyArray<number>) => {
  const made = Resident.make(1, 1n, 10, 0)
  Resident.land(made, loaded([1, ...followees], []))
  return made
}

describe("ResidentWindow", () => {
  it("takes posts of those followed and of the reader, nobody else's", () => {
    const reader = resident([5, 9])
    assert.isTrue(Resident.deliver(reader, 0, 100, 5))
    assert.isTrue(Resident.deliver(reader, 0, 101, 1))
    assert.isFalse(Resident.deliver(reader, 0, 102, 6))
    assert.deepStrictEqual(ids(reader.window), [100, 101])
  })

  it("knows whom a reader follows, however unevenly their numbers are spread", () => {
    const even = Array.from({ length: 300 }, (_, i) => 3 + i * 7)
    const steep = Array.from({ length: 31 }, (_, i) => 2 ** i)
    const crowded = [1, ...Array.from({ length: 200 }, (_, i) => 4_000_000_000 + i), 0xffff_ffff]
    for (const followees of [[], [5], [5, 6], even, steep, crowded]) {
      const numbers = Uint32Array.from(followees)
      const near = [0, 1, ...followees.flatMap((no) => [no - 1, no, no + 1]), 0xffff_ffff].filter((no) => no >= 0 && no < 2 ** 32)
      for (const no of near) assert.strictEqual(Resident.follows(numbers, no), followees.includes(no), `${no} of ${followees.length}`)
    }
  })

  it("merges what was delivered while it loaded, and only of those whom the loaded follow set has", () => {
    const reader = Resident.make(1, 1n, 10, 0)
    Resident.deliver(reader, 0, 50, 5)
    Resident.deliver(reader, 0, 51, 6)
    Resident.deliver(reader, 0, 3, 5)
    Resident.land(reader, loaded([1, 5], [[40, 5], [50, 5]], 30))
    assert.deepStrictEqual(ids(reader.window), [40, 50], "3 lies below the floor, 51 is a stranger's")
  })

  it("raises the floor to what was evicted while it loaded", () => {
    const reader = Resident.make(1, 1n, 4, 0)
    for (let id = 11; id <= 16; id++) Resident.deliver(reader, 0, id, 5)
    Resident.land(reader, loaded([1, 5], [[10, 5]]))
    assert.deepStrictEqual(ids(reader.window), [13, 14, 15, 16])
    assert.strictEqual(Window.floorLo(reader.window), 13)
  })

  it("joins a snapshot with what is newer, however the two overlap, and holds the newest", () => {
    const reader = Resident.make(1, 1n, 4, 0)
    Resident.deliver(reader, 0, 35, 5)
    Resident.land(reader, loaded([1, 5, 9], [[30, 5], [40, 9]], 0, [[10, 5], [20, 9], [30, 5]]))
    assert.deepStrictEqual(ids(reader.window), [20, 30, 35, 40])
    assert.strictEqual(Window.floorLo(reader.window), 11)
  })

  it("unfollowing takes the author's posts out and keeps the floor", () => {
    const reader = resident([5, 9])
    for (const [id, author] of [[20, 5], [21, 9], [22, 5]] as const) Resident.deliver(reader, 0, id, author)
    Window.raiseFloor(reader.window, 0, 20)
    Resident.unfollow(reader, 5)
    assert.deepStrictEqual(ids(reader.window), [21])
    assert.strictEqual(Window.floorLo(reader.window), 20)
    assert.isFalse(Resident.deliver(reader, 0, 23, 5), "a late push of somebody unfollowed")
  })

  it("knows which of the pulled authors it follows, also after either changes", () => {
    const table = PulledAuthors.make({ ringEntriesMax: 4, readRing: () => Effect.die("unused"), now: () => 0, runFork: () => {} })
    const reader = resident([5])
    const pulled = () => Resident.pulledOf(reader, table).map((author) => author.authorNo)
    assert.deepStrictEqual(pulled(), [])
    for (const authorNo of [5, 6]) PulledAuthors.enter(table, { author: BigInt(authorNo) as never, authorNo: authorNo as never, epoch: 1 })
    assert.deepStrictEqual(pulled(), [5])
    Resident.follow(reader, 6)
    assert.deepStrictEqual(pulled(), [5, 6])
    PulledAuthors.leave(table, 5, 2)
    assert.deepStrictEqual(pulled(), [6])
  })
})
