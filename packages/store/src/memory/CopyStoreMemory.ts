/** Copies in this process: the twin of those in Redis. Times are of Effect's clock. */
import type { Content } from "@rookery/domain/Content"
import type { PostId } from "@rookery/domain/Ids"
import { Clock, Effect, Layer } from "effect"
import { type Copy, type CopySettings, CopyStore } from "../CopyStore.ts"

interface Held {
  readonly content: Content
  /** When it was put, moved on by each read. */
  stands: number
}

interface State {
  readonly settings: CopySettings
  readonly copies: Map<PostId, Held>
  readonly missing: Map<PostId, number>
}

const read = ({ copies, missing, settings }: State, now: number, id: PostId): Copy | undefined => {
  const held = copies.get(id)
  if (held === undefined) return (missing.get(id) ?? 0) > now ? "missing" : undefined
  held.stands = Math.max(held.stands, now - settings.idleMillis) + settings.readMillis
  return held.content
}

/** The earliest go: those that nobody read for long, and as many as are too many. */
const evict = ({ copies, settings }: State, now: number): void => {
  for (const [id, { stands }] of copies) if (stands < now - settings.idleMillis) copies.delete(id)
  if (copies.size <= settings.copiesMax) return
  const sorted = [...copies].sort(([, a], [, b]) => a.stands - b.stands)
  for (const [id] of sorted.slice(0, copies.size - settings.copiesMax)) copies.delete(id)
}

const keep = ({ copies, missing }: State, now: number, content: Content): void => {
  missing.delete(content.id)
  const known = copies.get(content.id)
  if (known !== undefined && known.content.version > content.version) return
  copies.set(content.id, { content, stands: Math.max(known?.stands ?? 0, now) })
}

const remember = ({ copies, missing, settings }: State, now: number, ids: ReadonlyArray<PostId>): void => {
  for (const [id, until] of missing) if (until <= now || missing.size > settings.copiesMax) missing.delete(id)
  for (const id of ids) {
    copies.delete(id)
    missing.set(id, now + settings.missingMillis)
  }
}

const make = (settings: CopySettings): CopyStore["Service"] => {
  const state: State = { settings, copies: new Map(), missing: new Map() }
  const withNow = <A>(use: (now: number) => A) => Effect.map(Clock.currentTimeMillis, use)
  return {
    get: (ids) =>
      withNow((now) => new Map(ids.flatMap((id) => {
        const copy = read(state, now, id)
        return copy === undefined ? [] : [[id, copy] as const]
      }))),
    put: (contents) =>
      withNow((now) => {
        for (const content of contents) keep(state, now, content)
        evict(state, now)
      }),
    putMissing: (ids) => withNow((now) => remember(state, now, ids)),
    drop: (ids) =>
      Effect.sync(() => {
        for (const id of ids) {
          state.copies.delete(id)
          state.missing.delete(id)
        }
      }),
    size: Effect.sync(() => state.copies.size)
  }
}

export const layer = (settings: CopySettings): Layer.Layer<CopyStore> => Layer.sync(CopyStore, () => make(settings))
