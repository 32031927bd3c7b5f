/**
 * Live events for one front, many in one chunk: `kind | lo | hi | author | count | count × person`.
 * The front renders the post itself, so an event names it only.
 */
import * as Words from "./Words.ts"

/**
 * `update`: a post reached the home timeline. `delete`: it is gone. `edit`: it changed. `notification`: the person was
 * told of something; then `postId` is the notification's id, and `authorNo` is 0.
 */
export const kinds = { update: 1, delete: 2, edit: 3, notification: 4 } as const
export type EventKind = (typeof kinds)[keyof typeof kinds]

export interface LiveEvent {
  readonly kind: EventKind
  readonly postId: bigint
  readonly authorNo: number
  /** The connected people it is for, by local number. */
  readonly people: ReadonlyArray<number>
}

export const encode = (events: ReadonlyArray<LiveEvent>): Uint8Array => {
  const out = Words.writer(events.length * 8)
  for (const event of events) {
    Words.reserve(out, 5 + event.people.length)
    Words.put(out, event.kind)
    Words.putId(out, event.postId)
    Words.put(out, event.authorNo)
    Words.put(out, event.people.length)
    for (const person of event.people) Words.put(out, person)
  }
  return Words.bytes(out).slice()
}

export const decode = (bytes: Uint8Array): Array<LiveEvent> => {
  const words = Words.words(bytes)
  const events: Array<LiveEvent> = []
  let at = 0
  while (at < words.length) {
    const count = words[at + 4]!
    const end = at + 5 + count
    if (!(end <= words.length) || words[at]! < kinds.update || words[at]! > kinds.notification) throw new RangeError("broken event batch")
    events.push({
      kind: words[at]! as EventKind,
      postId: Words.idAt(words, at + 1),
      authorNo: words[at + 3]!,
      people: Array.from(words.subarray(at + 5, end))
    })
    at = end
  }
  return events
}
