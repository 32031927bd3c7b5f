import { assert, describe, it } from "@effect/vitest"
import * as DeliveryBatch from "@rookery/protocol/DeliveryBatch"
import * as EventBatch from "@rookery/protocol/EventBatch"
import * as Words from "../src/Words.ts"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { Schema } from "effect"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Word = Schema.Union([between(0, 3), between(0, 0xffff_ffff)])
const Id = Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 1n, maximum: 0x7fff_ffff_ffff_ffffn }))
const OptionalId = Schema.Union([Schema.Literal(0n), Id])

const Record = Schema.Struct({
  kind: Schema.Literals([1, 2, 3, 4]),
  lo: Word,
  hi: Word,
  authorNo: Word,
  epoch: Word,
  readers: Schema.Array(Word)
})
const Request = Schema.Struct({
  readerNo: Word,
  reader: Id,
  maxId: OptionalId,
  sinceId: OptionalId,
  minId: OptionalId,
  limit: between(1, 40)
})
const Answer = Schema.Struct({
  status: Schema.Literals([0, 1, 2, 3, 4]),
  entries: Schema.Array(Schema.Struct({ id: Id, authorNo: Word }))
})
const Event = Schema.Struct({
  kind: Schema.Literals([1, 2, 3, 4]),
  postId: Id,
  authorNo: Word,
  people: Schema.Array(Word)
})

/** The same bytes where a frame of the transport may put them: at an odd offset. */
const unaligned = (bytes: Uint8Array): Uint8Array => {
  const shifted = new Uint8Array(bytes.length + 1)
  shifted.set(bytes, 1)
  return shifted.subarray(1)
}

const decodeDeliveries = (bytes: Uint8Array): ReadonlyArray<unknown> => {
  const records: Array<unknown> = []
  DeliveryBatch.decode(bytes, ({ from, to, words, ...header }) => records.push({ ...header, readers: [...words.subarray(from, to)] }))
  return records
}

const encodeDeliveries = (records: ReadonlyArray<DeliveryBatch.RecordHeader & { readonly readers: ReadonlyArray<number> }>) => {
  const out = Words.writer()
  for (const { readers, ...header } of records) {
    DeliveryBatch.append(out, header, Uint32Array.from([99, ...readers, 99]), 1, 1 + readers.length)
  }
  return Words.bytes(out)
}

/** Each decoder with a message of its kind, in which a count stands last. */
const decoders: ReadonlyArray<readonly [string, (bytes: Uint8Array) => unknown, Uint8Array]> = [
  [
    "deliveries",
    decodeDeliveries,
    encodeDeliveries([{ kind: 1, lo: 1, hi: 1, authorNo: 1, epoch: 1, readers: [7, 8] }])
  ],
  ["page answers", PageBatch.decodeAnswers, PageBatch.encodeAnswers([{ status: 0, entries: [{ id: 9n, authorNo: 1 }] }])],
  [
    "page requests",
    PageBatch.decodeRequests,
    PageBatch.encodeRequests([{ readerNo: 1, reader: 2n, maxId: undefined, sinceId: 0n, minId: 0n, limit: 5 }])
  ],
  ["events", EventBatch.decode, EventBatch.encode([{ kind: 1, postId: 9n, authorNo: 1, people: [7] }])]
]

describe("Batches", () => {
  it.prop("bring deliveries as they were", { records: Schema.Array(Record) }, ({ records }) => {
    const bytes = encodeDeliveries(records)
    assert.deepStrictEqual(decodeDeliveries(bytes), records)
    assert.deepStrictEqual(decodeDeliveries(unaligned(bytes)), records)
  })

  it.prop("let who looks ahead see each group of deliveries whole, once, before the first of it is visited", {
    records: Schema.Array(Record), readersMax: between(1, 12)
  }, ({ readersMax, records }) => {
    const groups: Array<{ readers: number; seen: number; visited: number; isClosed: boolean }> = []
    const open = () => groups.at(-1)
    const ahead = ({ from, to }: DeliveryBatch.RecordView) => {
      const last = open()
      const group = last === undefined || last.isClosed ? { readers: 0, seen: 0, visited: 0, isClosed: false } : last
      if (group !== last) groups.push(group)
      assert.isBelow(group.readers, readersMax, "nothing joins a full group")
      assert.isTrue(groups.slice(0, -1).every(({ seen, visited }) => seen === visited), "the group before is done")
      group.seen++
      group.readers += to - from
    }
    const end = () => void (open()!.isClosed = true)
    const visit = () => {
      assert.isTrue(open()!.isClosed)
      open()!.visited++
    }
    DeliveryBatch.decode(encodeDeliveries(records), visit, { readersMax, visit: ahead, end })
    assert.strictEqual(groups.reduce((sum, { seen }) => sum + seen, 0), records.length)
    assert.isTrue(groups.every(({ seen, visited }) => seen === visited))
  })

  it.prop("bring page requests as they were, an absent bound as absent", { requests: Schema.Array(Request) }, ({ requests }) => {
    const given = requests.map((request) => ({ ...request, maxId: request.maxId === 0n ? undefined : request.maxId }))
    const bytes = PageBatch.encodeRequests(given)
    assert.deepStrictEqual(PageBatch.decodeRequests(bytes), given)
    assert.deepStrictEqual(PageBatch.decodeRequests(unaligned(bytes)), given)
  })

  it.prop("bring page answers as they were", { answers: Schema.Array(Answer) }, ({ answers }) => {
    const bytes = PageBatch.encodeAnswers(answers)
    assert.deepStrictEqual(PageBatch.decodeAnswers(bytes), answers)
    assert.deepStrictEqual(PageBatch.decodeAnswers(unaligned(bytes)), answers)
  })

  it.prop("bring events as they were", { events: Schema.Array(Event) }, ({ events }) => {
    const bytes = EventBatch.encode(events)
    assert.deepStrictEqual(EventBatch.decode(bytes), events)
    assert.deepStrictEqual(EventBatch.decode(unaligned(bytes)), events)
  })

  for (const [name, decode, whole] of decoders) {
    it(`refuse ${name} that were cut anywhere`, () => {
      decode(whole)
      assert.deepStrictEqual(decode(new Uint8Array()), [])
      for (let length = 1; length < whole.length; length++) {
        assert.throws(() => decode(whole.subarray(0, length)), RangeError)
      }
    })
  }

  it("refuse unknown kinds and statuses", () => {
    for (const kind of [0, 5]) {
      const [delivery, event, answer] = [0, 3, 1].map((at) => Uint32Array.from(new Uint32Array(decoders[at]![2].slice().buffer)))
      delivery![0] = kind
      event![0] = kind === 4 ? 5 : kind
      answer![0] = kind + 5
      assert.throws(() => decodeDeliveries(new Uint8Array(delivery!.buffer)), RangeError)
      assert.throws(() => EventBatch.decode(new Uint8Array(event!.buffer)), RangeError)
      assert.throws(() => PageBatch.decodeAnswers(new Uint8Array(answer!.buffer)), RangeError)
    }
  })

  it.prop("answer any bytes with a batch or a RangeError, and nothing else", { words: Schema.Array(Word) }, ({ words }) => {
    const bytes = new Uint8Array(Uint32Array.from(words).buffer)
    for (const [, decode] of decoders) {
      try {
        decode(bytes)
      } catch (error) {
        assert.instanceOf(error, RangeError)
      }
    }
  })

  it("refuse more requests than one message may hold", () => {
    const request = { readerNo: 1, reader: 2n, maxId: undefined, sinceId: 0n, minId: 0n, limit: 5 }
    const bytes = PageBatch.encodeRequests(Array.from({ length: PageBatch.requestsMax + 1 }, () => request))
    assert.throws(() => PageBatch.decodeRequests(bytes), RangeError)
  })
})
