import { assert } from "@effect/vitest"
import { toOne } from "@rookery/bus/Links"
import { inFlightMax } from "@rookery/bus/linkBounds"
import { Effect, Exit, Scope } from "effect"
import { until } from "./linksGround.ts"
import { bytes, connected, has, onBothGrounds, parcel, reading, textOf } from "./linksSuite.ts"

onBothGrounds("Links", (test) => {
  test("bring what is sent to all to each other datacenter, and what is sent to one to that one", (ground) =>
    Effect.gen(function*() {
      const [east, west, south] = [yield* ground.open("east"), yield* ground.open("west"), yield* ground.open("south")]
      const [atWest, atSouth] = [yield* reading(west, "east"), yield* reading(south, "east")]
      yield* east.send([parcel("1-all"), parcel("1-west", "west"), parcel("1-south", "south")])
      yield* has(atWest, "1-all", "1-west")
      yield* has(atSouth, "1-all", "1-south")
      assert.notInclude(atWest, "1-south")
      assert.notInclude(atSouth, "1-west")
      yield* until("all is acknowledged", () => west.state("east").pending === 0)
    }))

  test("keep a message once whose id comes twice", (ground) =>
    Effect.gen(function*() {
      const [east, west] = [yield* ground.open("east"), yield* ground.open("west")]
      const atWest = yield* reading(west, "east")
      const repeated = parcel("2-once")
      yield* east.send([repeated])
      yield* east.send([repeated])
      yield* east.send([parcel("2-after")])
      yield* has(atWest, "2-once", "2-after")
      assert.deepStrictEqual(atWest.filter((text) => text === "2-once"), ["2-once"])
    }))

  test("bring again what is not acknowledged, and count how often; what is refused does not come again", (ground) =>
    Effect.gen(function*() {
      const [east, west] = [yield* ground.open("east"), yield* ground.open("west")]
      const deliveries: Array<number> = []
      const atWest = yield* reading(west, "east", (arrival) => {
        const text = textOf(arrival.data)
        if (text === "3-refused") return arrival.refuse("of no use")
        if (text !== "3-slow") return arrival.ack
        deliveries.push(arrival.deliveries)
        return deliveries.length < 3 ? Effect.void : arrival.ack
      })
      yield* east.send([parcel("3-refused"), parcel("3-slow")])
      yield* until("it came three times", () => deliveries.length === 3)
      yield* until("nothing waits", () => west.state("east").pending === 0)
      assert.isAtLeast(deliveries[0]!, 1)
      assert.isTrue(deliveries[0]! < deliveries[1]! && deliveries[1]! < deliveries[2]!, deliveries.join(" "))
      assert.deepStrictEqual(atWest.filter((text) => text === "3-refused"), ["3-refused"])
    }))

  test("keep what is sent while a reader is away, and what it had not acknowledged when it went", (ground) =>
    Effect.gen(function*() {
      const east = yield* ground.open("east")
      const first = yield* Scope.make()
      const away = yield* Scope.provide(ground.open("west"), first)
      const seen = yield* Scope.provide(reading(away, "east", () => Effect.void), first)
      yield* east.send([parcel("4-unfinished")])
      yield* has(seen, "4-unfinished")
      yield* Scope.close(first, Exit.void)
      yield* east.send([parcel("4-away")])
      const back = yield* ground.open("west")
      yield* has(yield* reading(back, "east"), "4-unfinished", "4-away")
    }))

  test("let a sender go and come back while its readers stay", (ground) =>
    Effect.gen(function*() {
      const west = yield* ground.open("west")
      const atWest = yield* reading(west, "east")
      for (const text of ["5-first", "5-second"]) {
        yield* Effect.scoped(Effect.flatMap(ground.open("east"), (east) => east.send([parcel(text)])))
      }
      yield* has(atWest, "5-first", "5-second")
    }))

  test("share messages among the processes of a datacenter", (ground) =>
    Effect.gen(function*() {
      const east = yield* ground.open("east")
      const seen = [yield* reading(yield* ground.open("west"), "east"), yield* reading(yield* ground.open("west"), "east")]
      const texts = Array.from({ length: 200 }, (_, i) => `6-${i}`)
      for (const text of texts) yield* east.send([parcel(text)])
      yield* until("each came", () => texts.every((text) => seen.some((some) => some.includes(text))))
      assert.strictEqual(seen.flat().filter((text) => text.startsWith("6-")).length, texts.length)
    }))

  test("hold what is said over a link that is cut, say that it is down, and bring all once it is healed", (ground) =>
    Effect.gen(function*() {
      const [east, west, south] = [yield* ground.open("east"), yield* ground.open("west"), yield* ground.open("south")]
      yield* east.answer("echo", Effect.succeed)
      const [atWest, atSouth] = [yield* reading(west, "east"), yield* reading(south, "east")]
      yield* connected(west, "east", "south")
      yield* connected(south, "east")
      ground.cut("east", "west")
      yield* until("west knows", () => !west.state("east").connected)
      yield* east.send([parcel("7-cut"), parcel("7-cut-west", "west")])
      yield* has(atSouth, "7-cut")
      const before = performance.now()
      const error = yield* Effect.flip(west.ask("east", "echo", bytes("?"), 20_000))
      assert.deepInclude(error, { _tag: "LinkDown", datacenter: "east", reason: "down" })
      assert.isBelow(performance.now() - before, 15_000)
      assert.notInclude(atWest, "7-cut")
      assert.isTrue(west.state("south").connected)
      ground.heal("east", "west")
      yield* has(atWest, "7-cut", "7-cut-west")
      yield* connected(west, "east")
      assert.strictEqual(textOf(yield* west.ask("east", "echo", bytes("!"), 20_000)), "!")
    }))

  test("go on with a stream that was wiped and made again, both sides without a restart", (ground) =>
    Effect.gen(function*() {
      const [east, west] = [yield* ground.open("east"), yield* ground.open("west")]
      const atWest = yield* reading(west, "east")
      yield* east.send([parcel("8-before")])
      yield* has(atWest, "8-before")
      yield* ground.wipe("east")
      yield* Effect.eventually(east.send([parcel("8-after")]))
      yield* has(atWest, "8-after")
      yield* east.send([parcel("8-west", "west")])
      yield* has(atWest, "8-west")
    }))

  test("refuse what is beyond their bounds before anything is sent", (ground) =>
    Effect.gen(function*() {
      const [east] = [yield* ground.open("east")]
      const refusal = (parcels: ReadonlyArray<ReturnType<typeof parcel>>) => Effect.map(Effect.flip(east.send(parcels)), ({ reason }) => reason)
      assert.include(yield* refusal([{ ...parcel("x"), data: new Uint8Array(64 * 1_024 + 1) }]), "65536 are allowed")
      assert.include(yield* refusal([{ ...parcel("x"), id: "a b" }]), "no message id")
      assert.include(yield* refusal([{ ...parcel("x"), to: toOne("atlantis") }]), "no other datacenter atlantis")
      assert.include(yield* refusal([{ ...parcel("x"), to: toOne("east") }]), "no other datacenter east")
      assert.include(yield* refusal(Array.from({ length: 501 }, () => parcel("x"))), "500 are allowed")
      const asked = (datacenter: string, kind: string, size: number) => Effect.flip(east.ask(datacenter, kind, new Uint8Array(size), 1_000))
      assert.strictEqual((yield* asked("atlantis", "x", 1))._tag, "AskRefused")
      assert.strictEqual((yield* asked("west", "no.kind", 1))._tag, "AskRefused")
      assert.strictEqual((yield* asked("west", "x", 64 * 1_024 + 1))._tag, "AskRefused")
      assert.strictEqual((yield* Effect.flip(Effect.scoped(east.answer("*", Effect.succeed))))._tag, "LinkError")
      assert.throws(() => east.state("atlantis"), RangeError)
    }))

  test("hand a reader that finishes nothing no more than it may hold", (ground) =>
    Effect.gen(function*() {
      const [east, west] = [yield* ground.open("east"), yield* ground.open("west")]
      const held = new Set<string>()
      const slow = yield* Scope.make()
      yield* Scope.provide(reading(west, "east", ({ data }) => Effect.sync(() => void held.add(textOf(data)))), slow)
      const texts = Array.from({ length: 1_400 }, (_, i) => `9-${i}`)
      for (const from of [0, 500, 1_000]) yield* east.send(texts.slice(from, from + 500).map((text) => parcel(text)))
      yield* until("what may be held is held", () => held.size >= 96)
      yield* until("the rest waits", () => west.state("east").pending >= texts.length)
      assert.isAtMost(held.size, inFlightMax)
      yield* Scope.close(slow, Exit.void)
      const all = yield* reading(west, "east")
      yield* until("all came in the end", () => texts.every((text) => all.includes(text)))
    }))
})
