/** Step four of a read: renderings, accounts and the viewer's marks become the bytes of the answer, copied once. */
import * as PageBuffers from "../http/PageBuffers.ts"
import * as Status from "../render/Status.ts"
import type { Hydrated } from "./Hydration.ts"
import type { PostMarks, ViewerMarks } from "./Marks.ts"

const open = 0x5b
const close = 0x5d
const comma = 0x2c

const sizeOf = (item: Hydrated): number => {
  const own = item.rendered.head.length + item.author.json.length + item.rendered.tail.length
  return item.inner === undefined ? own : own + sizeOf(item.inner) + Status.wrapperEnd.length
}

/** Copies one status to `at`; answers where it ends. */
const copy = (out: Buffer, start: number, item: Hydrated, marks: PostMarks | undefined): number => {
  const { head, tail } = item.rendered
  let at = start
  at += out.write(head, at, "latin1")
  at += out.write(item.author.json, at, "latin1")
  out.set(tail, at)
  if (marks?.liked === true) out.set(Status.trueMark, at + Status.favouritedAt)
  if (marks?.reposted === true) out.set(Status.trueMark, at + Status.rebloggedAt)
  if (marks?.bookmarked === true) out.set(Status.trueMark, at + Status.bookmarkedAt)
  if (marks?.pinned === true) out.set(Status.trueMark, at + Status.pinnedAt)
  if (marks?.muted === true) out.set(Status.trueMark, at + Status.mutedAt)
  at += tail.length
  if (item.inner === undefined) return at
  at = copy(out, at, item.inner, marks)
  out.set(Status.wrapperEnd, at)
  return at + Status.wrapperEnd.length
}

const marksOf = (item: Hydrated, marks: ViewerMarks): PostMarks | undefined =>
  marks.size === 0 ? undefined : marks.get((item.inner ?? item).rendered.id)

/** One `Status`. */
export const one = (item: Hydrated, marks: ViewerMarks): Buffer => {
  const out = Buffer.allocUnsafe(sizeOf(item))
  copy(out, 0, item, marksOf(item, marks))
  return out
}

/** A list of them; the route may say that its memory is used again (http/Answer.ts). */
export const list = (items: ReadonlyArray<Hydrated>, marks: ViewerMarks): Buffer => {
  let size = 2 + Math.max(0, items.length - 1)
  for (const item of items) size += sizeOf(item)
  const out = PageBuffers.take(size)
  let at = 0
  out[at++] = open
  items.forEach((item, i) => {
    if (i > 0) out[at++] = comma
    at = copy(out, at, item, marksOf(item, marks))
  })
  out[at] = close
  return out
}
