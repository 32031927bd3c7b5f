/**
 * `/api/x/stream`: home and notifications from any position on, without gap or repeat, on any front. Every event has the
 * position after it as its id; what is sent is read from the store (ArrivalStore), and live events only say when. What stands here without its
 * content comes when that can be had.
 */
import { PostId } from "@rookery/domain/Ids"
import { arrivalKinds, type Arrivals, type ArrivalStore } from "@rookery/store/ArrivalStore"
import type { NotificationStore } from "@rookery/store/NotificationStore"
import type { PostStore } from "@rookery/store/PostStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Latch } from "effect"
import type { ServerResponse } from "node:http"
import { ApiError, badRequest } from "../http/Errors.ts"
import type { Account } from "../oauth/Identity.ts"
import type { Hydration } from "../read/Hydration.ts"
import type { Marks } from "../read/Marks.ts"
import * as Notices from "../read/Notices.ts"
import type { Reader } from "../read/Reader.ts"
import * as Rules from "../read/Rules.ts"
import type { Shunned } from "../read/Shunned.ts"
import * as Cursor from "./Cursor.ts"
import * as Frames from "./Frames.ts"

export interface ResumeDeps {
  readonly arrivals: ArrivalStore["Service"]
  readonly notifications: NotificationStore["Service"]
  readonly posts: PostStore["Service"]
  readonly hydration: Hydration
  readonly reader: Reader
  readonly marks: Marks
  readonly shunned: Shunned
  readonly bufferMax: number
  /** How long a reader may take to make room, in milliseconds. */
  readonly slowMillisMax: number
}

const pageMax = 100

/** Milliseconds: between two reads, until what is unsettled is looked at again, and at most without a look. */
const restMillis = 20
const unsettledMillis = 100
const lookMillis = 5_000
/** Until contents that could not be had are asked for again. */
const owedMillis = 1_000

/** From the client's cursor, or from now on. */
export const cursorOf = (deps: ResumeDeps, text: unknown): Effect.Effect<Cursor.Cursor, ApiError | StoreError> => {
  if (text === undefined || text === "") return Effect.map(deps.arrivals.now, (position) => ({ position, owed: [] }))
  const cursor = typeof text === "string" ? Cursor.decode(text) : undefined
  return cursor === undefined ? Effect.fail(badRequest("The cursor is none of ours")) : Effect.succeed(cursor)
}

const gone = new ApiError({ status: 410, error: "The cursor is too old: read the timelines, and start without one" })

/** What of some arrivals can be sent; and what is to be sent later, since it stands here without its content. */
interface Shown {
  readonly frames: ReadonlyMap<Cursor.Owed, Frames.Frame>
  readonly absent: ReadonlySet<Cursor.Owed>
}

/** Those of `ids` that stand here. */
const standing = (deps: ResumeDeps, ids: ReadonlyArray<bigint>): Effect.Effect<ReadonlySet<bigint>, StoreError> =>
  ids.length === 0
    ? Effect.succeed(new Set())
    : Effect.map(deps.posts.byIds(ids.map((id) => PostId.make(id))), (posts) => new Set<bigint>(posts.map((post) => post.id)))

const posts = (deps: ResumeDeps, viewer: Account, arrivals: ReadonlyArray<Cursor.Owed>): Effect.Effect<Shown, StoreError> =>
  Effect.gen(function*() {
    const frames = new Map<Cursor.Owed, Frames.Frame>()
    const wanted = arrivals.filter(({ kind }) => kind === arrivalKinds.update || kind === arrivalKinds.edit)
    for (const { id, kind } of wanted) if (kind === arrivalKinds.edit) deps.hydration.dropPost(id)
    const items = yield* deps.hydration.posts(wanted.map(({ id }) => id))
    for (const [i, arrival] of wanted.entries()) {
      const item = items[i]
      if (item === undefined || !(yield* Rules.mayHear(deps.shunned, viewer, item))) continue
      const marks = yield* deps.marks.of(viewer, [item])
      frames.set(arrival, Frames.status(arrival.kind === arrivalKinds.edit ? "status.update" : "update", item, marks))
    }
    const lost = wanted.filter((_, i) => items[i] === undefined)
    const there = yield* standing(deps, lost.map(({ id }) => id))
    return { frames, absent: new Set(lost.filter(({ id }) => there.has(id))) }
  })

const nothing: Shown = { frames: new Map(), absent: new Set() }

const notices = (deps: ResumeDeps, viewer: Account, arrivals: ReadonlyArray<Cursor.Owed>): Effect.Effect<Shown, StoreError> =>
  Effect.gen(function*() {
    const wanted = arrivals.filter(({ kind }) => kind === arrivalKinds.notification)
    if (wanted.length === 0) return nothing
    const rows = yield* deps.notifications.byIds(wanted.map(({ id }) => ({ account: viewer.id, id })))
    const shown = yield* Notices.show(deps, viewer, rows)
    const byId = new Map(shown.map((notice) => [notice.row.id, notice]))
    const left = rows.flatMap((row) => byId.has(row.id) || row.object === null ? [] : [{ id: row.id, object: row.object }])
    const items = yield* deps.hydration.posts(left.map(({ object }) => object))
    const lost = left.filter((_, i) => items[i] === undefined)
    const there = yield* standing(deps, lost.map(({ object }) => object))
    const absent = new Set(lost.filter(({ object }) => there.has(object)).map(({ id }) => id))
    return {
      frames: new Map(wanted.flatMap((arrival): ReadonlyArray<[Cursor.Owed, Frames.Frame]> => {
        const notice = byId.get(arrival.id)
        return notice === undefined ? [] : [[arrival, Frames.make("notification", Notices.json(notice))]]
      })),
      absent: new Set(wanted.filter(({ id }) => absent.has(id)))
    }
  })

const show = (deps: ResumeDeps, viewer: Account, arrivals: ReadonlyArray<Cursor.Owed>, withNotices: boolean): Effect.Effect<Shown, StoreError> =>
  Effect.gen(function*() {
    const of = yield* posts(deps, viewer, arrivals)
    const about = withNotices ? yield* notices(deps, viewer, arrivals) : nothing
    const ends = arrivals.filter(({ kind }) => kind === arrivalKinds.delete).map((arrival) => [arrival, Frames.deleted(arrival.id)] as const)
    return { frames: new Map([...of.frames, ...about.frames, ...ends]), absent: new Set([...of.absent, ...about.absent]) }
  })

/** Moves the reader's cursor without an event. */
const idLine = (cursor: Cursor.Cursor): string => `id: ${Cursor.encode(cursor)}\n\n`

const eventOf = (cursor: Cursor.Cursor, frame: Frames.Frame | undefined): string =>
  frame === undefined ? "" : `id: ${Cursor.encode(cursor)}\n${Frames.serverSent(frame).toString("utf8")}`

interface Step {
  readonly text: string
  readonly cursor: Cursor.Cursor
  /** So much is owed that the rest of the page has to wait. */
  readonly isHeld: boolean
}

/** The events of a page as text, what of `due` can be shown by now before them. What may not be shown, or is gone, leaves its place only. */
const stepOver = (from: Cursor.Cursor, due: ReadonlyArray<Cursor.Owed>, page: Arrivals, { absent, frames }: Shown): Step => {
  let { owed, position } = from
  let text = ""
  for (const one of due) {
    if (absent.has(one)) continue
    owed = owed.filter((other) => other !== one)
    text += eventOf({ position, owed }, frames.get(one))
  }
  for (const arrival of page.arrivals) {
    if (absent.has(arrival)) {
      if (owed.length >= Cursor.owedMax) return { text: text + idLine({ position, owed }), cursor: { position, owed }, isHeld: true }
      owed = [...owed, { kind: arrival.kind, id: arrival.id }]
    }
    position = arrival.position
    text += eventOf({ position, owed }, frames.get(arrival))
  }
  const cursor = { position: page.position, owed }
  return { text: text + idLine(cursor), cursor, isHeld: false }
}

export interface Resume {
  /** Something may have come. */
  readonly wake: () => void
  /** Fails with 410 when nothing can be read from there any more. */
  readonly check: (from: Cursor.Cursor) => Effect.Effect<void, ApiError | StoreError>
  /** Writes from there on, for as long as the reader keeps up. */
  readonly follow: (from: Cursor.Cursor) => Effect.Effect<void, StoreError>
}

const drained = (response: ServerResponse): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const onDrain = () => resume(Effect.void)
    response.once("drain", onDrain)
    return Effect.sync(() => response.off("drain", onDrain))
  })

export const make = (deps: ResumeDeps, viewer: Account, response: ServerResponse, withNotices: boolean): Resume => {
  const came = Latch.makeUnsafe(false)

  /** False when the reader did not make room in time; it reads the rest when it comes back. */
  const write = (text: string): Effect.Effect<boolean> =>
    Effect.suspend(() => {
      response.write(text)
      if (response.writableLength <= deps.bufferMax) return Effect.succeed(true)
      return Effect.timeoutOrElse(Effect.as(drained(response), true), {
        duration: deps.slowMillisMax,
        orElse: () => Effect.sync(() => {
          response.destroy()
          return false
        })
      })
    })

  const rest = (page: Arrivals, { cursor, isHeld }: Step): Effect.Effect<void> => {
    if (page.more && !isHeld) return Effect.void
    const duration = page.unsettled ? unsettledMillis : cursor.owed.length > 0 ? owedMillis : lookMillis
    const look = Effect.timeoutOrElse(came.await, { duration, orElse: () => Effect.void })
    return Effect.andThen(look, Effect.sleep(isHeld ? owedMillis : restMillis))
  }

  const follow = (from: Cursor.Cursor): Effect.Effect<void, StoreError> =>
    Effect.gen(function*() {
      let cursor = from
      let told = from.position
      let askedAt = Number.NEGATIVE_INFINITY
      // Whoever leaves before anything came has a cursor all the same.
      if (!(yield* write(idLine(from)))) return
      while (true) {
        yield* came.close
        const page = yield* deps.arrivals.after(viewer.id, cursor.position, pageMax)
        if (page === undefined) return
        const due = performance.now() - askedAt >= owedMillis ? cursor.owed : []
        if (due.length > 0) askedAt = performance.now()
        const step = stepOver(cursor, due, page, yield* show(deps, viewer, [...due, ...page.arrivals], withNotices))
        // A position without events is worth telling now and then only: it keeps the cursor of a quiet stream young.
        const isNews = page.arrivals.length > 0 || step.cursor.owed.length !== cursor.owed.length
        cursor = step.cursor
        if (isNews || cursor.position.millis - told.millis > lookMillis) {
          told = cursor.position
          if (!(yield* write(step.text))) return
        }
        yield* rest(page, step)
      }
    })

  return {
    wake: () => void came.openUnsafe(),
    check: (from) =>
      Effect.flatMap(deps.arrivals.after(viewer.id, from.position, 1), (page) => page === undefined ? Effect.fail(gone) : Effect.void),
    follow
  }
}
