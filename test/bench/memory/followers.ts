/**
 * What a follower costs the runner. An author's actor costs the same however many follow and is gone ten seconds after its last
 * message, while the set stays with the runner; so the two are told apart by authors with few followers and as many with many.
 */
import { Effect } from "effect"
import type { BenchCluster } from "../cluster/BenchCluster.ts"
import type { Member } from "../cluster/member.ts"
import { added, told } from "./unit.ts"

interface Author {
  readonly id: bigint
  readonly followers: number
}

interface Bed {
  readonly cluster: BenchCluster
  readonly runner: { readonly pid: number }
  readonly member: Member
  readonly authors: ReadonlyArray<Author>
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((all, number) => all + number, 0)

const describe = (bed: Bed, authors: ReadonlyArray<Author>) =>
  Effect.forEach(authors, (author) => bed.member.describe(author.id), { concurrency: 8 })

/** Bytes that each of these adds with its actor and its followers. `again` are spoken to before both looks: an actor is gone ten seconds after its last message. */
const each = (bed: Bed, what: string, authors: ReadonlyArray<Author>, again: ReadonlyArray<Author>) => {
  const work = Effect.andThen(describe(bed, authors), describe(bed, again))
  const wanted = { pid: bed.runner.pid, what, goal: undefined, count: authors.length }
  return Effect.andThen(describe(bed, again), added(bed.cluster.probeFolder, wanted, work))
}

/** Spoken to before the first look, the largest of all: code that they bring, and buffers of connections that they stretch, must not count. */
const warmAuthors = 16

/** The quarter of the authors with the fewest followers, and as many with many, none of whom has an actor yet. */
export const followers = (bed: Bed) =>
  Effect.gen(function*() {
    const ordered = bed.authors.toSorted((a, b) => a.followers - b.followers)
    const quarter = Math.floor(ordered.length / 4)
    const [few, many, largest] = [ordered.slice(0, quarter), ordered.slice(-quarter - warmAuthors, -warmAuthors), ordered.slice(-warmAuthors)]
    const [fewest, most] = [few, many].map((authors) => sum(authors.map((author) => author.followers)) / quarter) as [number, number]
    yield* describe(bed, largest)
    const small = yield* each(bed, `Author of ${Math.round(fewest)} followers, with its actor`, few, largest)
    const large = yield* each(bed, `Author of ${Math.round(most)} followers, with its actor`, many, [...largest, ...few])
    const follower = (large.held - small.held) / (most - fewest)
    const sets = yield* describe(bed, ordered)
    const count = sum(sets.map((set) => set.followers))
    return [
      told("follower held by an Author: what more of them add", quarter * (most - fewest), 8, follower),
      told(`follower in the sets of all Authors (${Math.round(count / sets.length)} each), by their own count`, count, 8,
        sum(sets.map((set) => set.followerBytes)) / count),
      told("Author's actor and set, without followers", quarter, undefined, small.held - follower * fewest),
      small,
      large
    ]
  })
