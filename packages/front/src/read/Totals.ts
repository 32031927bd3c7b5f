/** How many people and posts there are. Counted over whole tables, so asked for seldom and kept. */
import type { AccountStore } from "@rookery/store/AccountStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type * as Instance from "../render/Instance.ts"

/** They are counted this often at most, in milliseconds. */
const standsMillis = 30_000

export type Totals = Effect.Effect<Instance.Totals, StoreError>

export const make = (accounts: AccountStore["Service"]): Totals => {
  let known: Instance.Totals | undefined
  let until = 0
  return Effect.suspend(() => {
    if (known !== undefined && performance.now() < until) return Effect.succeed(known)
    // Set before the answer: who asks meanwhile gets the old totals, not a count of their own.
    until = performance.now() + standsMillis
    return Effect.tap(accounts.totals, (totals) => Effect.sync(() => void (known = totals)))
  })
}
