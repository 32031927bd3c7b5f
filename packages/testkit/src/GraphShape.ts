/**
 * How unevenly followers are spread: the follower counts of the Higgs Twitter part (SNAP; 328,132 edges, 41,426
 * accounts with a follower), most followed first, at some ranks. Between them the curve is straight on logarithmic axes.
 */
const higgsRanks: ReadonlyArray<readonly [rank: number, followers: number]> = [
  [1, 14060], [2, 6190], [3, 5613], [4, 4335], [6, 2039], [8, 1959], [12, 1668], [16, 1623], [24, 960],
  [32, 853], [48, 707], [64, 554], [96, 422], [128, 328], [192, 231], [256, 177], [384, 121], [512, 89],
  [768, 55], [1024, 41], [1536, 24], [2048, 17], [3072, 11], [4096, 8], [8192, 4], [16384, 2], [41426, 1]
]

/** Followers of the account of this rank, 1 being the most followed. Beyond the graph's last it is 1. */
export const higgsFollowers = (rank: number): number => {
  const after = higgsRanks.findIndex(([known]) => known >= rank)
  if (after <= 0) return after === 0 ? higgsRanks[0]![1] : 1
  const [fromRank, from] = higgsRanks[after - 1]!
  const [toRank, to] = higgsRanks[after]!
  const share = Math.log(rank / fromRank) / Math.log(toRank / fromRank)
  return from * (to / from) ** share
}

/** No author of a push workload has more, or fan-out would pull it. */
const pushedMost = 9_999

/**
 * Follower counts, most followed first, of as many of the graph's top accounts as have `mean` followers on
 * average; the one above the threshold counts as just below it. For 403, the field's usual average, these are some 400 accounts.
 */
export const higgsFollowerCounts = (mean: number): Array<number> => {
  const counts: Array<number> = []
  let sum = 0
  for (let rank = 1; rank <= 41_426; rank++) {
    const count = Math.min(pushedMost, Math.round(higgsFollowers(rank)))
    if (counts.length > 0 && (sum + count) / (counts.length + 1) < mean) break
    counts.push(count)
    sum += count
  }
  return counts
}
