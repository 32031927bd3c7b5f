/** Somebody who reads `/api/x/stream` all the time, at one front after another, from where the last one ended. */
import * as Oracle from "@rookery/testkit/Oracle"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect, Schedule } from "effect"
import { broken } from "../../oracle/world.ts"
import * as EventStream from "../eventStream.ts"
import type { Person, Society } from "./society.ts"

export interface Listener {
  readonly person: Person
  /** Ids, in the order in which they came. */
  readonly updates: Array<string>
  readonly deletes: Set<string>
  readonly notices: Array<string>
  /** Where to go on; undefined until the stream began. */
  cursor: string | undefined
}

const stayMillisMin = 1_000
const stayMillisMax = 6_000
const pauseMillis = 200
/** A front may wait so long for a home that does not answer. */
const beginMillisMax = 20_000

/** What has no event only moves the cursor. */
const take = (listener: Listener, { data, event, id }: EventStream.Received): void => {
  const idIn = () => (JSON.parse(data) as { readonly id: string }).id
  if (event === "update") listener.updates.push(idIn())
  if (event === "notification") listener.notices.push(idIn())
  if (event === "delete") listener.deletes.add(data)
  listener.cursor = id ?? listener.cursor
}

/** Until it ends, or has lasted long enough. Whatever breaks it, the next one goes on. */
const stay = (society: Society, listener: Listener, via: string, millis: number) =>
  Effect.promise(async () => {
    const abort = new AbortController()
    let timer = setTimeout(() => abort.abort(), beginMillisMax)
    const reading = EventStream.read(society.ground.datacenter(via).frontsUrl, {
      token: listener.person.token,
      cursor: listener.cursor,
      signal: abort.signal,
      onOpen: () => {
        clearTimeout(timer)
        timer = setTimeout(() => abort.abort(), millis)
      },
      take: (received) => take(listener, received)
    })
    // Cut off, refused, or long enough: all the same.
    await reading.catch(() => 0)
    clearTimeout(timer)
  })

/** Reads until the scope ends; answers once the stream has begun, so that all that follows is due. */
export const start = (society: Society, person: Person, random: Seeded) =>
  Effect.gen(function*() {
    const listener: Listener = { person, updates: [], deletes: new Set(), notices: [], cursor: undefined }
    const next = Effect.suspend(() => {
      const via = listener.cursor === undefined || random.chance(0.5) ? person.home : random.pick(society.ground.names)
      return stay(society, listener, via, stayMillisMin + random.int(stayMillisMax - stayMillisMin))
    })
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(next, Effect.sleep(pauseMillis))))
    const begun = Effect.suspend(() => listener.cursor === undefined ? broken("a stream begins", { person: person.name }) : Effect.void)
    yield* Effect.retry(begun, Schedule.upTo(Schedule.spaced("50 millis"), { duration: beginMillisMax }))
    return listener
  })

/** Each post once, and each that stands; and the end of each that came and ended since. */
export const verify = (society: Society, { deletes, notices, person, updates }: Listener) =>
  Effect.gen(function*() {
    const told = { person: person.name, home: person.home }
    const again = [...updates, ...notices].filter((id, n, all) => all.indexOf(id) !== n)
    if (again.length > 0) yield* broken("a stream that goes on repeats nothing (I9)", { ...told, again })
    const missing = Oracle.home(society.oracle, person.id).map(String).filter((id) => !updates.includes(id))
    if (missing.length > 0) {
      yield* broken("a stream that goes on has no gap (I9)", { ...told, came: updates.length, missing: missing.map((id) => society.oracle.posts.get(BigInt(id))) })
    }
    const unended = updates.filter((id) => {
      const post = society.oracle.posts.get(BigInt(id))
      return post?.deleted === true && post.repostOf === null && !deletes.has(id)
    })
    if (unended.length > 0) yield* broken("a stream tells of the end of what it told of (I3)", { ...told, unended })
  })
