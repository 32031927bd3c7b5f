/** Bounds of the product, in one place. */

/** Entries that a resident home timeline, or a ring of a pulled author's posts, holds at most. */
export const windowEntriesMax = 800

/** Posts of one author that a window load reads at most; an author with more raises the window's floor. */
export const loadPostsPerAuthorMax = 100

/** Posts in one page of a client's timeline, by default and at most. */
export const pageDefault = 20
export const pageMax = 40

/** Accounts one person may follow. */
export const followeesMax = 7_500

/** Characters of a display name, and of a profile note. */
export const displayNameMax = 30
export const noteMax = 500

/** Characters of what one notes of another account for oneself. */
export const privateNoteMax = 2_000

/** Lines of a profile, and characters of each side of one. */
export const profileFieldsMax = 4
export const profileFieldCharactersMax = 255

/**
 * The longest that a transaction may run, by the server's limit, and the most that two clocks may
 * differ, both in milliseconds. Any overlap between "loaded" and "delivered" is at least their sum.
 */
export const transactionMillisMax = 10_000
export const clockSkewMillisMax = 2_000
export const overlapMillis = transactionMillisMax + clockSkewMillisMax

/** Posts that an account shows first on its profile. */
export const pinsMax = 5

/** Pictures that a post carries, and characters of a picture's description. */
export const mediaPerPostMax = 4
export const mediaDescriptionMax = 1_500
