/**
 * One direction of a proxied connection. Losses are emulated as what TCP makes of them: nothing is lost to the
 * application, all that follows waits for the repeat.
 */
import type { Socket } from "node:net"

/** One direction between two datacenters; changed while connections run. */
export interface Way {
  /** One way, in milliseconds. */
  latencyMillis: number
  /** Probability for each packet, 0…1. */
  loss: number
  isCut: boolean
  /** Called at every change by {@link change}. */
  readonly listeners: Set<() => void>
}

export const makeWay = (latencyMillis: number, loss: number): Way => ({ latencyMillis, loss, isCut: false, listeners: new Set() })

export const change = (way: Way, what: Partial<Pick<Way, "latencyMillis" | "loss" | "isCut">>): void => {
  Object.assign(way, what)
  for (const listener of way.listeners) listener()
}

/** Bytes of a packet, and how many may be on their way before the sender has to wait. */
const packetBytes = 1_448
const windowBytes = 4 * 1_024 * 1_024
/** What a sender sends without hearing of it, in bytes, when the way back is cut: the usual first window. */
const unheardBytesMax = 10 * packetBytes
/** Milliseconds: Linux' least allowance above the round trip, and the longest wait between repeats. */
const repeatMillisMin = 200
const repeatMillisMax = 120_000

/** Packets that must follow a lost one for the receiver to ask for it again, one round trip later. */
const duplicatesForRepeat = 3

/** How long the losses among the packets of a chunk hold it up. */
export const stallOf = (bytes: number, way: Pick<Way, "latencyMillis" | "loss">, random: () => number): number => {
  if (way.loss <= 0) return 0
  const packets = Math.max(1, Math.ceil(bytes / packetBytes))
  const roundTrip = 2 * way.latencyMillis
  let stall = 0
  for (let packet = 0; packet < packets; packet++) {
    if (random() >= way.loss) continue
    if (packets - packet > duplicatesForRepeat) stall += roundTrip
    else stall += repeatStall(roundTrip, way.loss, random)
  }
  return stall
}

/** Waits double while the repeats are lost too. */
const repeatStall = (roundTrip: number, loss: number, random: () => number): number => {
  let wait = roundTrip + repeatMillisMin
  let stall = wait
  while (random() < loss && stall < repeatMillisMax) {
    wait *= 2
    stall += wait
  }
  return Math.min(stall, repeatMillisMax)
}

/** A piece of the stream on its way; undefined data is its end. */
interface Piece {
  readonly data: Buffer | undefined
  readonly due: number
}

/** Carries what `from` says to `to` by the rules of `way`. Returns what stops it. `back` is the way of the acknowledgements. */
export const pump = (from: Socket, to: Socket, way: Way, back: Way, random: () => number): () => void => {
  const pieces: Array<Piece> = []
  let bytes = 0
  let unheard = 0
  let lastDue = 0
  let timer: NodeJS.Timeout | undefined

  const take = (data: Buffer | undefined) => {
    const now = performance.now()
    const stall = data === undefined ? 0 : stallOf(data.length, way, random)
    // In order: what follows a packet that is repeated waits for it.
    lastDue = Math.max(lastDue, now + way.latencyMillis) + stall
    pieces.push({ data, due: lastDue })
    bytes += data?.length ?? 0
    if (bytes > windowBytes) from.pause()
    deliver()
  }
  /** Acknowledgements are lost with their way: then only the first window passes. */
  const mayPass = (): boolean => !way.isCut && (!back.isCut || unheard < unheardBytesMax)
  const deliver = () => {
    clearTimeout(timer)
    if (!back.isCut) unheard = 0
    while (pieces.length > 0 && mayPass()) {
      const wait = pieces[0]!.due - performance.now()
      if (wait > 0) {
        timer = setTimeout(deliver, wait)
        return
      }
      hand(pieces.shift()!)
    }
  }
  const hand = ({ data }: Piece) => {
    if (data === undefined) return void to.end()
    bytes -= data.length
    if (back.isCut) unheard += data.length
    if (to.write(data)) resume()
  }
  const resume = () => {
    if (bytes <= windowBytes && to.writableLength < windowBytes) from.resume()
  }
  from.on("data", take).once("end", () => take(undefined))
  to.on("drain", resume)
  way.listeners.add(deliver)
  back.listeners.add(deliver)
  return () => {
    clearTimeout(timer)
    to.off("drain", resume)
    way.listeners.delete(deliver)
    back.listeners.delete(deliver)
  }
}
