/** Looks at the tokens of open streams again when they, or what was known of them, change; ends those that are not good any more. */
import { Effect } from "effect"
import type { StreamCheck } from "../Invalidations.ts"
import type { Tokens } from "../oauth/Tokens.ts"
import * as Client from "./Client.ts"

/** Tokens looked at again at once. */
const checksAtOnce = 4

export const make = (
  open: ReadonlySet<Client.Client>,
  tokens: Pick<Tokens, "resolveHash">,
  run: (effect: Effect.Effect<void>) => void
): StreamCheck & { readonly one: (client: Client.Client) => void } => {
  const checkOne = (client: Client.Client) =>
    tokens.resolveHash(client.tokenHash).pipe(
      Effect.map((identity) => {
        if (identity === undefined) Client.drop(client, Client.closeCodes.policy, "revoked")
        else if (identity.suspended) Client.drop(client, Client.closeCodes.policy, "suspended")
      }),
      // Without an answer the stream stays: the token was good when it was opened.
      Effect.catch((error) => Effect.logWarning("the token of an open stream could not be looked at again", error))
    )
  const check = (matches: (client: Client.Client) => boolean): void => {
    const found = [...open].filter(matches)
    if (found.length > 0) run(Effect.forEach(found, checkOne, { concurrency: checksAtOnce, discard: true }))
  }
  return {
    one: (client) => run(checkOne(client)),
    ofToken: (tokenHash) => check((client) => client.tokenHash === tokenHash),
    ofAccount: (account) => check((client) => client.account.id === account),
    all: () => check(() => true)
  }
}
