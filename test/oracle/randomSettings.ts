/**
 * Bounds so tight that what is rare in production happens all the time; and, by the same chance, so wide that nothing
 * is reloaded, so that what was delivered must be right by itself.
 */
import type { Settings } from "@rookery/entities/Settings"
import type { Seeded } from "@rookery/testkit/Seeded"

const never = 600_000

export interface RandomSettings {
  readonly settings: Partial<Settings>
  readonly entityIdleMillis: number
}

export const make = (random: Seeded): RandomSettings => ({
  // Actors are looked for every 5 s: with the short time most of them go then.
  entityIdleMillis: random.pick([50, never]),
  settings: {
    threshold: { promoteAt: 3 + random.int(4), demoteShare: 0.7 },
    windowEntriesMax: random.pick([6, 10, 20, 60]),
    loadPostsPerAuthorMax: random.pick([3, 8, 40]),
    residentTimelinesMax: random.pick([5, never]),
    ringMaxAgeMillis: random.pick([300, never]),
    modesIntervalMillis: random.pick([500, never]),
    snapshotMillis: random.pick([150, never]),
    claimMillis: 2_000,
    sweepMillis: 200
  }
})
