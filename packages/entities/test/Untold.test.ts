import { assert, describe, it } from "@effect/vitest"
import * as EntryBytes from "@rookery/domain/EntryBytes"
import { LocalNo, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Window from "@rookery/domain/TimelineWindow"
import * as Untold from "../src/Untold.ts"

const minute = 60_000
/** Made so many milliseconds ago. */
const idOf = (agoMillis: number): bigint => Snowflake.floorAt(Date.now() - agoMillis)
const everybody = () => true

describe("posts that came before their fan-out", () => {
  it("are news once, for the reader whose window they came into", () => {
    const untold = Untold.make()
    const [one, two] = [idOf(10), idOf(20)]
    Untold.note(untold, 7, [one], 0)
    Untold.note(untold, 7, [two], 0)
    assert.deepStrictEqual([8, 7, 7].map((reader) => Untold.take(untold, reader, one)), [false, true, false])
    assert.isTrue(Untold.take(untold, 7, two))
  })

  it("are forgotten when they are old by their ids, when nothing brings them, and with who goes", () => {
    const untold = Untold.make()
    const id = idOf(10)
    Untold.note(untold, 7, [idOf(16 * minute)], 0)
    assert.strictEqual(untold.size, 0)
    Untold.note(untold, 7, [id], 0)
    Untold.note(untold, 8, [id], 0)
    Untold.prune(untold, (reader) => reader === 7, minute - 1)
    assert.deepStrictEqual([...untold.keys()], [7])
    Untold.prune(untold, everybody, minute)
    assert.strictEqual(untold.size, 0)
  })

  it("are the newest 256 of one reader at most", () => {
    const untold = Untold.make()
    const ids = Array.from({ length: 400 }, (_, n) => idOf(n * 10))
    Untold.note(untold, 7, ids.slice(300), 0)
    Untold.note(untold, 7, ids.slice(0, 200), 0)
    assert.strictEqual(untold.get(7)!.ids.size, 256)
    assert.isTrue(Untold.take(untold, 7, ids[199]!))
    Untold.note(untold, 7, ids, 0)
    assert.deepStrictEqual([...untold.get(7)!.ids], ids.slice(0, 256))
  })

  it("are those of a load that the window did not have", () => {
    const window = Window.make(8)
    const [old, held, fresh] = [idOf(30), idOf(20), idOf(10)]
    Window.insert(window, Snowflake.high(held), Snowflake.low(held), 5)
    const entries = EntryBytes.of([fresh, held, old].map((id) => ({ id: PostId.make(id), authorNo: LocalNo.make(5) })))
    assert.deepStrictEqual(Untold.missingIn(window, entries), [fresh, old])
    assert.deepStrictEqual([...Untold.newestOf(window)], [held])
  })
})
