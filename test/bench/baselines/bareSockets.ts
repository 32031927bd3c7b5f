/** Open sockets on the bare server, each with a channel of its own unless said otherwise, and what they cost it. */
import { Effect } from "effect"
import * as Sockets from "../live/sockets.ts"
import * as Probing from "../memory/probing.ts"
import type { BareServer } from "./bareServer.ts"

export interface Wanted {
  /** The path of the socket with this index, those that warm up included; it names the channel. */
  readonly path: (index: number) => string
  readonly onText: Sockets.Target["onText"]
  /** Opened before the first look: what code and caches take must not count. */
  readonly warm: number
  /** Those that count. */
  readonly count: number
}

/** As Mastodon has a channel for each person. */
export const timelinePath = (index: number): string => `/timeline:${index}`

/** Opens all, which are closed with the scope; answers the bytes that each of those that count added to the server. */
export const open = Effect.fnUntraced(function*(server: BareServer, probeFolder: string, { count, onText, path, warm }: Wanted) {
  const look = Probing.memoryOf(probeFolder, server.pid)
  const openFrom = (from: number, sockets: number) =>
    Sockets.open({ port: server.port, onText, path: (i) => path(from + i), tokens: Array.from({ length: sockets }, () => "") })
  yield* openFrom(0, warm)
  const before = yield* look
  yield* openFrom(warm, count)
  return Probing.addedBy(before, yield* look, count)
})
