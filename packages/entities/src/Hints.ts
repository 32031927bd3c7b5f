/** Invalidations for the fronts. A hint that cannot be sent is logged: copies that miss it run out by themselves. */
import type { Bus } from "@rookery/bus/Bus"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as BusMessages from "@rookery/protocol/BusMessages"
import { Effect, Schema } from "effect"

const encode = Schema.encodeSync(Schema.fromJsonString(BusMessages.Invalidation))
const utf8 = new TextEncoder()

const announce = (bus: Bus["Service"], message: BusMessages.Invalidation): Effect.Effect<void> =>
  Effect.suspend(() => bus.publish(BusMessages.invalidationSubject, utf8.encode(encode(message)))).pipe(
    Effect.catch((error) => Effect.logWarning("a change could not be announced", error))
  )

export const postsChanged = (bus: Bus["Service"], ids: ReadonlyArray<PostId>): Effect.Effect<void> =>
  announce(bus, { _tag: "PostChanged", postIds: ids.map(String) })

export const relationsChanged = (bus: Bus["Service"], accounts: ReadonlyArray<AccountId>): Effect.Effect<void> =>
  announce(bus, { _tag: "RelationChanged", accountIds: accounts.map(String) })
