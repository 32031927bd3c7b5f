/** What people are told of, and how the database numbers it. */

/** The order is the database's number; never reordered. */
export const kinds = ["favourite", "reblog", "follow", "follow_request", "mention", "update", "status"] as const
export type NotificationKind = (typeof kinds)[number]

export const numberOf = (kind: NotificationKind): number => kinds.indexOf(kind)

/** Kinds of which those about one post, or in one stretch of time, are shown as one. */
export const groupable: ReadonlyArray<NotificationKind> = ["favourite", "reblog", "follow"]

/** Hours in one stretch. */
export const groupHours = 12

/** What one's policy does with strangers; the order is the database's number. */
export const verdicts = ["accept", "filter", "drop"] as const
export type Verdict = (typeof verdicts)[number]

export const timelines = ["home", "notifications"] as const
export type MarkedTimeline = (typeof timelines)[number]
