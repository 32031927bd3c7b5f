/** Small scenes for named tests: two datacenters, their people, and waiting until something is so. */
import type { PostId } from "@rookery/domain/Ids"
import { Effect, Schedule } from "effect"
import { newest } from "../../oracle/perform.ts"
import { broken } from "../../oracle/world.ts"
import type { Datacenter, Seas } from "./seas.ts"
import type { Person } from "./union.ts"

const patienceMillis = 30_000

/** Waits until `holds`, with a bound. */
export const until = <E>(what: string, holds: Effect.Effect<boolean, E>): Effect.Effect<void, E | Error> =>
  Effect.flatMap(holds, (is): Effect.Effect<void, Error> => is ? Effect.void : broken(what, { patienceMillis })).pipe(
    Effect.retry(Schedule.upTo(Schedule.spaced("50 millis"), { duration: patienceMillis }))
  )

const clientOf = ({ home }: Person) => home.life()!.client

export const publish = (by: Person, key: string, repostOf: PostId | null = null) =>
  clientOf(by).publish(by.id, key, { text: repostOf === null ? key : "", spoiler: "", sensitive: false, visibility: "public", language: null, replyTo: null, repostOf })

export const remove = (by: Person, post: PostId) => clientOf(by).remove(by.id, post)

export const follow = (by: Person, followee: Person, following = true) => clientOf(by).setFollow(by.id, followee.id, following)

export const homeOf = (reader: Person) =>
  Effect.map(clientOf(reader).home(reader, newest(40)), (page) => page.map((post) => post.id))

export const reads = (reader: Person, post: PostId) =>
  until(`${reader.id} reads ${post}`, Effect.map(homeOf(reader), (ids) => ids.includes(post)))

export const part = ({ waters }: Seas, one: Datacenter, other: Datacenter): void => waters.cut(one.name, other.name)

export const join = ({ waters }: Seas, one: Datacenter, other: Datacenter): void => waters.heal(one.name, other.name)
