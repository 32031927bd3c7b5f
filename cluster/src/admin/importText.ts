/** Text of imported posts: words that differ from post to post, of an exact length. */

const WORDS =
  "rook nest crow feather caw branch elm dusk flock perch twig glide field furrow rain wing roost chatter murmur spire dawn meadow stone cloud".split(" ")

/** `bytes` of ASCII, the same for the same account and round. */
export const makeText = (account: number, round: number, bytes: number): string => {
  // A multiplicative hash is enough to choose words by.
  let state = Math.imul(account + 1, 0x9e37_79b1) ^ Math.imul(round + 1, 0x85eb_ca6b)
  let text = `u${account} writes no. ${round + 1}:`
  while (text.length < bytes) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d)
    text += ` ${WORDS[(state >>> 8) % WORDS.length]!}`
  }
  // A space at the end would be cut off by whoever trims.
  return text.slice(0, bytes).replace(/ $/, ".")
}
