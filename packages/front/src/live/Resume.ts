/**
 * `/api/x/stream`: home and notifications from any position on, without gap or repeat, on any front. Every event has the
 * position after it as its id; what is sent is read from the store (ArrivalStore), and live events only say when.
 */
import { type Arrival, arrivalKinds, type Arrivals, type ArrivalStore, type Position } from "@rookery/store/ArrivalStore"
import type { NotificationStore } from "@rookery/store/NotificationStore"
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
import * as Frames from "./Frames.ts"

export interface ResumeDeps {
  readonly arrivals: ArrivalStore["Service"]
  readonly notifications: NotificationStore["Service"]
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

const encode = ({ id, kind, millis, transaction }: Position): string => `${transaction}-${kind}-${id}-${millis}`

const pattern = /^([0-9]{1,18})-([0-9])-([0-9]{1,19})-([0-9]{1,15})$/

const decode = (text: string): Position | undefined => {
  const parts = pattern.exec(text)
  if (parts === null) return undefined
  return { transaction: BigInt(parts[1]!), kind: Number(parts[2]), id: BigInt(parts[3]!), millis: Number(parts[4]) }
}

/** From the client's cursor, or from now on. */
export const positionOf = (deps: ResumeDeps, cursor: unknown): Effect.Effect<Position, ApiError | StoreError> => {
  if (cursor === undefined || cursor === "") return deps.arrivals.now
  const position = typeof cursor === "string" ? decode(cursor) : undefined
  return position === undefined ? Effect.fail(badRequest("The cursor is none of ours")) : Effect.succeed(position)
}

const gone = new ApiError({ status: 410, error: "The cursor is too old: read the timelines, and start without one" })

type Texts = ReadonlyMap<Arrival, Frames.Frame>

const posts = (deps: ResumeDeps, viewer: Account, arrivals: ReadonlyArray<Arrival>): Effect.Effect<Texts, StoreError> =>
  Effect.gen(function*() {
    const texts = new Map<Arrival, Frames.Frame>()
    const wanted = arrivals.filter(({ kind }) => kind === arrivalKinds.update || kind === arrivalKinds.edit)
    for (const { id, kind } of wanted) if (kind === arrivalKinds.edit) deps.hydration.dropPost(id)
    const items = yield* deps.hydration.posts(wanted.map(({ id }) => id))
    for (const [i, arrival] of wanted.entries()) {
      const item = items[i]
      if (item === undefined || !(yield* Rules.mayHear(deps.shunned, viewer, item))) continue
      const marks = yield* deps.marks.of(viewer, [item])
      texts.set(arrival, Frames.status(arrival.kind === arrivalKinds.edit ? "status.update" : "update", item, marks))
    }
    return texts
  })

const notices = (deps: ResumeDeps, viewer: Account, arrivals: ReadonlyArray<Arrival>): Effect.Effect<Texts, StoreError> =>
  Effect.gen(function*() {
    const wanted = arrivals.filter(({ kind }) => kind === arrivalKinds.notification)
    if (wanted.length === 0) return new Map()
    const rows = yield* deps.notifications.byIds(wanted.map(({ id }) => ({ account: viewer.id, id })))
    const shown = yield* Notices.show(deps, viewer, rows)
    const byId = new Map(shown.map((notice) => [notice.row.id, notice]))
    return new Map(wanted.flatMap((arrival): ReadonlyArray<[Arrival, Frames.Frame]> => {
      const notice = byId.get(arrival.id)
      return notice === undefined ? [] : [[arrival, Frames.make("notification", Notices.json(notice))]]
    }))
  })

/** Moves the reader's cursor without an event. */
const idLine = (position: Position): string => `id: ${encode(position)}\n\n`

/** The events of a page as text, and where the next one begins. What may not be shown, or is gone, leaves its place only. */
const textOf = (deps: ResumeDeps, viewer: Account, page: Arrivals, withNotices: boolean): Effect.Effect<string, StoreError> =>
  Effect.gen(function*() {
    const found = new Map([
      ...(yield* posts(deps, viewer, page.arrivals)),
      ...(withNotices ? yield* notices(deps, viewer, page.arrivals) : [])
    ])
    let text = ""
    for (const arrival of page.arrivals) {
      const frame = arrival.kind === arrivalKinds.delete ? Frames.deleted(arrival.id) : found.get(arrival)
      if (frame !== undefined) text += `id: ${encode(arrival.position)}\n${Frames.serverSent(frame).toString("utf8")}`
    }
    return text + idLine(page.position)
  })

export interface Resume {
  /** Something may have come. */
  readonly wake: () => void
  /** Fails with 410 when nothing can be read from there any more. */
  readonly check: (from: Position) => Effect.Effect<void, ApiError | StoreError>
  /** Writes from there on, for as long as the reader keeps up. */
  readonly follow: (from: Position) => Effect.Effect<void, StoreError>
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

  const rest = (page: Arrivals): Effect.Effect<void> => {
    if (page.more) return Effect.void
    const look = Effect.timeoutOrElse(came.await, {
      duration: page.unsettled ? unsettledMillis : lookMillis,
      orElse: () => Effect.void
    })
    return Effect.andThen(look, Effect.sleep(restMillis))
  }

  const follow = (from: Position): Effect.Effect<void, StoreError> =>
    Effect.gen(function*() {
      let position = from
      let told = from
      // Whoever leaves before anything came has a cursor all the same.
      if (!(yield* write(idLine(from)))) return
      while (true) {
        yield* came.close
        const page = yield* deps.arrivals.after(viewer.id, position, pageMax)
        if (page === undefined) return
        // A position without events is worth telling now and then only: it keeps the cursor of a quiet stream young.
        const isWorth = page.arrivals.length > 0 || page.position.millis - told.millis > lookMillis
        position = page.position
        if (isWorth) {
          told = position
          if (!(yield* write(yield* textOf(deps, viewer, page, withNotices)))) return
        }
        yield* rest(page)
      }
    })

  return {
    wake: () => void came.openUnsafe(),
    check: (from) =>
      Effect.flatMap(deps.arrivals.after(viewer.id, from, 1), (page) => page === undefined ? Effect.fail(gone) : Effect.void),
    follow
  }
}
