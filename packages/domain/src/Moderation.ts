/** What people report each other for, and what moderators do. */

/** The order is the database's number; never reordered. */
export const categories = ["other", "spam", "legal", "violation"] as const
export type ReportCategory = (typeof categories)[number]

/** As the log of moderation names them. */
export const actions = ["suspend", "unsuspend", "delete_post", "resolve", "reopen"] as const
export type ModerationAction = (typeof actions)[number]

/** Characters of a report's comment, and of a moderator's reason. */
export const commentMax = 1_000

/** Posts that one report names, and reports of one person that wait at the same time. */
export const reportedPostsMax = 100
export const openReportsMax = 100
