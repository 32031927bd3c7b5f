/**
 * Takes away pictures that nothing shows any more. What was begun is found again by the next sweep: a row goes only after
 * its objects. Several members may sweep at once.
 */
import { Effect } from "effect"
import { AttachmentStore } from "./AttachmentStore.ts"
import { MediaStore } from "./MediaStore.ts"
import type { StoreError } from "./StoreError.ts"

/** Pictures of one step, and steps of one sweep: what is left waits for the next. */
const perStep = 100
const stepsMax = 100

/** Answers how many pictures went. Run it every few minutes. */
export const sweepMedia: Effect.Effect<number, StoreError, AttachmentStore | MediaStore> = Effect.gen(function*() {
  const attachments = yield* AttachmentStore
  const objects = yield* MediaStore
  let gone = 0
  for (let step = 0; step < stepsMax; step++) {
    const doomed = yield* attachments.doomed(perStep)
    yield* objects.remove(doomed.flatMap((one) => one.objects))
    yield* attachments.forget(doomed.map((one) => one.id))
    gone += doomed.length
    if (doomed.length < perStep) break
  }
  return gone
})
