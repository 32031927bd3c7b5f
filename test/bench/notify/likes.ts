/** Who likes what, no pair twice, and what became of each like: acknowledged, and seen on the socket of whom it is for. */
import * as Histogram from "../harness/Histogram.ts"

export interface Pair {
  readonly liker: string
  readonly post: string
}

/** Pairs in an order in which neither the same liker nor the same recipient comes twice in a row. */
export const pairs = (likers: ReadonlyArray<string>, posts: ReadonlyArray<string>) => {
  let i = 0
  return (): Pair | undefined => {
    const round = Math.floor(i / likers.length)
    if (round >= posts.length) return undefined
    const at = i++ % likers.length
    return { liker: likers[at]!, post: posts[(round + at * 7_919) % posts.length]! }
  }
}

/** The figures of one step; milliseconds. */
export interface Seen {
  readonly acknowledged: Histogram.Histogram
  /** From the time at which the like was meant to be sent. */
  readonly fromDue: Histogram.Histogram
  /** From the start of the transaction that made the notification. */
  readonly fromDurable: Histogram.Histogram
  failed: number
  frames: number
  framesInTime: number
}

export const nothingSeen = (): Seen => ({
  acknowledged: Histogram.make(),
  fromDue: Histogram.make(),
  fromDurable: Histogram.make(),
  failed: 0,
  frames: 0,
  framesInTime: 0
})

/** Inside of a frame the notification is a string, with its quotes escaped. */
const account = /\\"account\\":\{\\"id\\":\\"(\d+)\\"/
const status = /\\"status\\":\{\\"id\\":\\"(\d+)\\"/
const createdAt = /\\"created_at\\":\\"([^\\]+)\\"/

/** What was sent and is not here yet, and what came twice or unasked. */
export const makeLedger = () => {
  const sent = new Map<string, number>()
  let strange = 0
  return {
    /** Before it is sent, for the frame may be here before the answer. */
    send: ({ liker, post }: Pair, at: number) => void sent.set(`${liker} ${post}`, at),
    refuse: ({ liker, post }: Pair) => void sent.delete(`${liker} ${post}`),
    /** A frame came; only likes due after `from` count, and in time are those here by `to`. */
    take: (frame: Buffer, seen: Seen, from: number, to: number): void => {
      const text = frame.toString("latin1")
      const key = `${account.exec(text)?.[1]} ${status.exec(text)?.[1]}`
      const at = sent.get(key)
      if (at === undefined) {
        strange++
        return
      }
      sent.delete(key)
      if (at < from) return
      const now = performance.now()
      seen.frames++
      if (now < to) seen.framesInTime++
      Histogram.record(seen.fromDue, now - at)
      Histogram.record(seen.fromDurable, performance.timeOrigin + now - Date.parse(createdAt.exec(text)?.[1] ?? ""))
    },
    missing: () => sent.size,
    strange: () => strange
  }
}
export type Ledger = ReturnType<typeof makeLedger>
