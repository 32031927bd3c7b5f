/**
 * What a follower costs the runner. An author's actor costs the same however many follow and is gone some seconds after its last
 * message, while the set stays with the runner: so the sets are looked at when no actor is left, and the actors when all sets are there.
 */
import { Effect } from "effect"
import type { BenchCluster } from "../cluster/BenchCluster.ts"
import type { Member } from "../cluster/member.ts"
import * as Metrics from "../cluster/metrics.ts"
import { added, told } from "./unit.ts"

interface Author {
  readonly id: bigint
  readonly followers: number
}

interface Bed {
  readonly cluster: BenchCluster
  readonly runner: { readonly pid: number; readonly url: string }
  readonly member: Member
  /** Spoken to first: what code and tables take for as many at once must not count. */
  readonly authors: ReadonlyArray<Author>
  /** Whose followers are counted: so many that what else a process holds now and not then, 1 or 2 MB, is a byte of each at most. */
  readonly crowd: ReadonlyArray<Author>
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((all, number) => all + number, 0)

const describe = (bed: Bed, authors: ReadonlyArray<Author>) =>
  Effect.forEach(authors, (author) => bed.member.describe(author.id), { concurrency: 8 })

/** The runner reads the sets of all, and keeps them when the actors that asked are gone. */
const leaveSets = (bed: Bed, authors: ReadonlyArray<Author>) =>
  Effect.tap(describe(bed, authors), Metrics.noActors("Author", [bed.runner]))

export const followers = (bed: Bed) =>
  Effect.gen(function*() {
    const { pid } = bed.runner
    yield* leaveSets(bed, bed.authors)
    const count = sum(bed.crowd.map((author) => author.followers))
    const mean = Math.round(count / bed.crowd.length)
    const follower = yield* added(bed.cluster.probeFolder, {
      pid,
      what: `follower held by an Author (${bed.crowd.length} of ${mean} each), all around the sets included`,
      label: "follower of an Author",
      goal: 8,
      count
    }, leaveSets(bed, bed.crowd))
    const actor = yield* added(bed.cluster.probeFolder, {
      pid,
      what: "Author's actor, without its followers",
      label: "Author's actor",
      goal: undefined,
      count: bed.authors.length
    }, describe(bed, bed.authors))
    const sets = yield* describe(bed, bed.crowd)
    const counted = told("follower by the sets' own count", "follower, sets' count", count, sum(sets.map((set) => set.followerBytes)) / count)
    return { follower: { ...follower, hasNoRss: true }, more: [counted, actor] }
  })
