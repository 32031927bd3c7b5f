/**
 * Which pictures are served. Their keys name them and nobody else: whose one is, its row tells, once for long, and whether
 * that person is in order the copies of accounts, which a suspension drops. So most answers cost two look-ups in memory.
 */
import * as Datacenters from "@rookery/domain/Datacenters"
import type { LocalNo, MediaId } from "@rookery/domain/Ids"
import type { AttachmentStore } from "@rookery/store/AttachmentStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import * as FillCache from "../read/FillCache.ts"
import type { Hydration } from "../read/Hydration.ts"

export interface Exhibits {
  readonly isShown: (id: MediaId) => Effect.Effect<boolean, StoreError>
}

/** Of what is remembered, at some 140 bytes each. */
const bytesMax = 8 * 1024 * 1024
const numberBytes = 16

/** How long an owner is remembered, and with that a picture served after its post went; and that there is none. */
const ownerMillis = 60_000
const nobodyMillis = 5_000

const batchMax = 200
const loadsMax = 2

export const make = (
  attachments: Pick<AttachmentStore["Service"], "owners">,
  { accounts }: Pick<Hydration, "accounts">,
  datacenters: Datacenters.Datacenters | undefined
): Effect.Effect<Exhibits> =>
  Effect.map(
    FillCache.make<MediaId, LocalNo>({
      bytesMax,
      sizeOf: () => numberBytes,
      millis: ownerMillis,
      missingMillis: () => nobodyMillis,
      batchMax,
      loadsMax,
      load: attachments.owners
    }),
    (owners) => {
      const isOwnersInOrder = (no: LocalNo) =>
        Effect.map(accounts([no]), ([owner]) => owner !== undefined && owner.row.disabledAt === null)
      /** Of others' pictures there are no rows here; their objects may be in a bucket that all share. */
      const isFar = (id: MediaId): boolean => datacenters !== undefined && !Datacenters.isOwn(datacenters, id)
      return {
        isShown: (id) =>
          isFar(id)
            ? Effect.succeed(true)
            : Effect.flatMap(owners.all([id]), ([no]) => no === undefined ? Effect.succeed(false) : isOwnersInOrder(no))
      }
    }
  )
