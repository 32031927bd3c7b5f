/** The other datacenters, for a command that has to ask them. */
import { load } from "@rookery/config/Load"
import { Effect } from "effect"
import * as DatacenterLinks from "../layers/DatacenterLinks.ts"
import * as derive from "../programs/derive.ts"

/** With links to them for the scope; undefined for who is alone. */
export const make = Effect.gen(function*() {
  const configuration = yield* load
  const links = yield* DatacenterLinks.make(configuration, "rookery cli", derive.patience(configuration))
  return derive.world(configuration, links)
})
