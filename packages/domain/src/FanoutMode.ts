/** How an author's posts reach their followers, and when that changes. */

/**
 * - `push`: every resident follower's window is written.
 * - `pull`: runners are told of the post; readers merge it in.
 * - `both`: the way between the two, in either direction.
 */
export const modes = ["push", "both", "pull"] as const
export type Mode = (typeof modes)[number]

/** What an operator set by hand; `auto` leaves it to the follower count. */
export const overrides = ["auto", "push", "pull"] as const
export type Override = (typeof overrides)[number]

export interface Threshold {
  /** Local followers at which an author is pulled. */
  readonly promoteAt: number
  /** Share of `promoteAt` below which a pulled author is pushed again, so that a crowd at the edge does not flap. */
  readonly demoteShare: number
}

export const defaultThreshold: Threshold = { promoteAt: 10_000, demoteShare: 0.7 }

/** Where an author should be heading: `push` or `pull`. `both` keeps the side it was heading to. */
export const target = (
  mode: Mode,
  heading: "push" | "pull",
  override: Override,
  followers: number,
  threshold: Threshold
): "push" | "pull" => {
  if (override !== "auto") return override
  const current = mode === "both" ? heading : mode
  if (current === "push") return followers >= threshold.promoteAt ? "pull" : "push"
  return followers < threshold.promoteAt * threshold.demoteShare ? "push" : "pull"
}
