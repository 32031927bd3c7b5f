/**
 * What trends: more accounts than usual, lately. Two known parts are put together. Activity is a sum over accounts, each
 * with one weight that halves with every half-life since its latest use (exponential decay as in Cormode et al.,
 * "Forward Decay", 2009), so that one account is worth one at most, however much it posts. What is unusual about it is
 * the statistic of Mastodon's `Trends::Tags`: (observed - expected)² / expected, 0 unless more was observed than expected.
 */

/** The weight of something of the age `millis`; the future counts as now. */
export const decay = (millis: number, halfLifeMillis: number): number => 2 ** (-Math.max(0, millis) / halfLifeMillis)

/**
 * Activity that is nothing new, for a tag that so many accounts use on an ordinary day: what their weights
 * sum to when their uses are spread over all hours.
 */
export const expected = (accountsPerDay: number, halfLifeMillis: number): number =>
  Math.max(1, accountsPerDay * halfLifeMillis / (Math.LN2 * 86_400_000))

/** `observed` is the sum of weights. */
export const surprise = (observed: number, usual: number): number => observed <= usual ? 0 : (observed - usual) ** 2 / usual

/**
 * A post is judged as in Mastodon's `Trends::Statuses`: expected is one account, and the whole decays with the post's
 * age. `accounts` are those who like or repost it, each once, without its author.
 */
export const postScore = (accounts: number, ageMillis: number, halfLifeMillis: number): number =>
  surprise(accounts, 1) * decay(ageMillis, halfLifeMillis)

/** The best first, without those that do not score, and at most `perGroup` of a group. */
export const rank = <A extends { readonly score: number }>(
  items: ReadonlyArray<A>,
  groupOf: (item: A) => unknown,
  perGroup: number,
  limit: number
): ReadonlyArray<A> => {
  const taken = new Map<unknown, number>()
  return items.filter((item) => item.score > 0).toSorted((a, b) => b.score - a.score).filter((item) => {
    const count = (taken.get(groupOf(item)) ?? 0) + 1
    taken.set(groupOf(item), count)
    return count <= perGroup
  }).slice(0, limit)
}
