/**
 * Reads of home timelines, many in one message. A request is ten words: reader number, reader id,
 * `maxId`, `sinceId`, `minId` (each `lo`, `hi`; 0 is absent) and the limit. An answer is `status | count |
 * count × (lo, hi, author)`, newest first, in the order of the requests.
 */
import type { PageQuery } from "@rookery/domain/TimelinePage"
import * as Words from "./Words.ts"

export interface PageRequest extends PageQuery {
  readonly readerNo: number
  readonly reader: bigint
}

/**
 * `unavailable`: this reader's window could not be read now; ask again. The last two answer a read that is of memory
 * alone: the shard is not of this runner, or memory does not hold the whole page.
 */
export const statuses = { ok: 0, unavailable: 1, notFound: 2, elsewhere: 3, notInMemory: 4 } as const
export type PageStatus = (typeof statuses)[keyof typeof statuses]

export interface PageAnswer {
  readonly status: PageStatus
  readonly entries: ReadonlyArray<{ readonly id: bigint; readonly authorNo: number }>
}

/** Requests in one message, at most; a longer message is refused as broken. */
export const requestsMax = 256

const requestWords = 10

export const encodeRequests = (requests: ReadonlyArray<PageRequest>): Uint8Array => {
  const out = Words.writer(requests.length * requestWords)
  for (const request of requests) {
    Words.put(out, request.readerNo)
    Words.putId(out, request.reader)
    Words.putId(out, request.maxId ?? 0n)
    Words.putId(out, request.sinceId)
    Words.putId(out, request.minId)
    Words.put(out, request.limit)
  }
  return Words.bytes(out)
}

export const decodeRequests = (bytes: Uint8Array): Array<PageRequest> => {
  const words = Words.words(bytes)
  if (words.length % requestWords !== 0) throw new RangeError("broken page requests")
  if (words.length > requestsMax * requestWords) throw new RangeError("too many page requests")
  const requests: Array<PageRequest> = []
  for (let at = 0; at < words.length; at += requestWords) {
    const maxId = Words.idAt(words, at + 3)
    requests.push({
      readerNo: words[at]!,
      reader: Words.idAt(words, at + 1),
      maxId: maxId === 0n ? undefined : maxId,
      sinceId: Words.idAt(words, at + 5),
      minId: Words.idAt(words, at + 7),
      limit: words[at + 9]!
    })
  }
  return requests
}

export const encodeAnswers = (answers: ReadonlyArray<PageAnswer>): Uint8Array => {
  const out = Words.writer(answers.length * 64)
  for (const answer of answers) {
    Words.reserve(out, 2 + answer.entries.length * 3)
    Words.put(out, answer.status)
    Words.put(out, answer.entries.length)
    for (const entry of answer.entries) {
      Words.putId(out, entry.id)
      Words.put(out, entry.authorNo)
    }
  }
  return Words.bytes(out)
}

export const decodeAnswers = (bytes: Uint8Array): Array<PageAnswer> => {
  const words = Words.words(bytes)
  const answers: Array<PageAnswer> = []
  let at = 0
  while (at < words.length) {
    const count = words[at + 1]!
    const end = at + 2 + count * 3
    if (!(end <= words.length) || words[at]! > statuses.notInMemory) throw new RangeError("broken page answers")
    const entries: Array<{ id: bigint; authorNo: number }> = []
    for (let i = at + 2; i < end; i += 3) entries.push({ id: Words.idAt(words, i), authorNo: words[i + 2]! })
    answers.push({ status: words[at]! as PageStatus, entries })
    at = end
  }
  return answers
}
