/**
 * Datacenters in one process, for tests: streams kept in memory, and links that can be cut. Behaves as the links over
 * NATS do, delays and losses on the way aside. Times are of Effect's clock.
 */
import { Clock, Effect, Layer, type Scope, Stream } from "effect"
import * as Answering from "../Answering.ts"
import { type AskError, type AskHandler, AskRefused, type Arrival, LinkDown, type LinkError, Links, type Parcel } from "../Links.ts"
import { ackMillisDefault, checkKind, checkParcels, checkQuestion, noSuchOrigin } from "../linkBounds.ts"
import * as Mailbox from "./Mailbox.ts"

export interface World {
  /** The links of one datacenter; as many processes as wanted may build it. */
  readonly layer: (own: string) => Layer.Layer<Links>
  /** Nothing that is said in `from` is heard in `to` from now on, and no question between them is answered. */
  readonly cut: (from: string, to: string) => void
  readonly heal: (from: string, to: string) => void
  /** The origin's server loses all that it kept. */
  readonly wipe: (origin: string) => void
}

export interface WorldOptions {
  readonly ackMillis?: number
}

interface State {
  readonly datacenters: ReadonlyArray<string>
  readonly ackMillis: number
  /** By `origin>reader`. */
  readonly mailboxes: Map<string, Mailbox.Mailbox>
  /** Ids that an origin's stream has taken; the test's life is their window. */
  readonly taken: Map<string, Set<string>>
  readonly cuts: Set<string>
  /** By `datacenter/kind`; the first is asked and goes to the end. */
  readonly handlers: Map<string, Array<ReturnType<typeof Answering.bounded>>>
}

const pair = (from: string, to: string): string => `${from}>${to}`

const isDown = (state: State, one: string, other: string): boolean =>
  state.cuts.has(pair(one, other)) || state.cuts.has(pair(other, one))

const readersOf = (state: State, own: string, { to }: Parcel): ReadonlyArray<string> =>
  to._tag === "One" ? [to.datacenter] : state.datacenters.filter((name) => name !== own)

const send = (state: State, own: string) => (parcels: ReadonlyArray<Parcel>): Effect.Effect<void, LinkError> => {
  const others = state.datacenters.filter((name) => name !== own)
  return Effect.andThen(checkParcels(parcels, others), Effect.sync(() => {
    const taken = state.taken.get(own)!
    for (const parcel of parcels.filter(({ id }) => !taken.has(id))) {
      taken.add(parcel.id)
      for (const reader of readersOf(state, own, parcel)) Mailbox.put(state.mailboxes.get(pair(own, reader))!, parcel.data.slice())
    }
  }))
}

/** Acknowledgements travel the link too. */
const arrivalOf = (state: State, origin: string, own: string, mailbox: Mailbox.Mailbox, item: Mailbox.Item): Arrival => {
  const finish = Effect.sync(() => {
    if (!isDown(state, origin, own)) Mailbox.finish(mailbox, item)
  })
  return { data: item.data.slice(), deliveries: item.deliveries, ack: finish, refuse: () => finish }
}

/** Waits for the next message that may be delivered. */
const next = (state: State, origin: string, own: string, mailbox: Mailbox.Mailbox): Effect.Effect<Arrival> =>
  Effect.gen(function*() {
    for (;;) {
      const now = yield* Clock.currentTimeMillis
      const item = isDown(state, origin, own) ? undefined : Mailbox.take(mailbox, now, state.ackMillis)
      if (item !== undefined) return arrivalOf(state, origin, own, mailbox, item)
      yield* Mailbox.awaitChange(mailbox, now)
    }
  })

const ask = (state: State, own: string) =>
(datacenter: string, kind: string, data: Uint8Array, timeoutMillis: number): Effect.Effect<Uint8Array, AskError> =>
  Effect.gen(function*() {
    yield* checkQuestion(datacenter, kind, data, state.datacenters.filter((name) => name !== own))
    if (isDown(state, own, datacenter)) return yield* new LinkDown({ datacenter, reason: "down" })
    const handlers = state.handlers.get(`${datacenter}/${kind}`) ?? []
    const handler = handlers.shift()
    if (handler === undefined) return yield* new LinkDown({ datacenter, reason: "nobody" })
    handlers.push(handler)
    const answer = yield* handler(data.slice(), own).pipe(Effect.timeoutOrElse({
      duration: timeoutMillis,
      orElse: () => Effect.fail(new LinkDown({ datacenter, reason: "timeout" }))
    }))
    if (isDown(state, own, datacenter)) return yield* new LinkDown({ datacenter, reason: "timeout" })
    return answer._tag === "Ok" ? answer.data.slice() : yield* new AskRefused({ datacenter, reason: answer.reason })
  })

const answer = (state: State, own: string) => (kind: string, handler: AskHandler): Effect.Effect<void, LinkError, Scope.Scope> => {
  const key = `${own}/${kind}`
  const bounded = Answering.bounded(handler)
  const handlers = state.handlers.get(key) ?? []
  const join = Effect.sync(() => {
    handlers.push(bounded)
    state.handlers.set(key, handlers)
  })
  const leave = Effect.sync(() => void handlers.splice(handlers.indexOf(bounded), 1))
  return Effect.andThen(checkKind(kind), Effect.acquireRelease(join, () => leave))
}

const linksOf = (state: State, own: string): Links["Service"] => {
  const others = state.datacenters.filter((name) => name !== own)
  return {
    own,
    datacenters: others,
    send: send(state, own),
    receive: (origin) => {
      const mailbox = others.includes(origin) ? state.mailboxes.get(pair(origin, own)) : undefined
      return mailbox === undefined
        ? Stream.die(noSuchOrigin(origin))
        : Stream.fromEffectRepeat(next(state, origin, own, mailbox))
    },
    ask: ask(state, own),
    answer: answer(state, own),
    state: (origin) => {
      const mailbox = others.includes(origin) ? state.mailboxes.get(pair(origin, own)) : undefined
      if (mailbox === undefined) throw noSuchOrigin(origin)
      return { connected: !isDown(state, origin, own), pending: Mailbox.size(mailbox), since: 0 }
    }
  }
}

export const make = (datacenters: ReadonlyArray<string>, options: WorldOptions = {}): World => {
  const pairs = datacenters.flatMap((origin) =>
    datacenters.filter((reader) => reader !== origin).map((reader) => pair(origin, reader))
  )
  const state: State = {
    datacenters,
    ackMillis: options.ackMillis ?? ackMillisDefault,
    mailboxes: new Map(pairs.map((name) => [name, Mailbox.make()])),
    taken: new Map(datacenters.map((name) => [name, new Set()])),
    cuts: new Set(),
    handlers: new Map()
  }
  const changed = () => state.mailboxes.forEach(Mailbox.wake)
  return {
    layer: (own) => Layer.sync(Links, () => linksOf(state, own)),
    cut: (from, to) => void state.cuts.add(pair(from, to)),
    heal: (from, to) => {
      state.cuts.delete(pair(from, to))
      changed()
    },
    wipe: (origin) => {
      state.taken.get(origin)?.clear()
      for (const reader of datacenters) {
        const mailbox = state.mailboxes.get(pair(origin, reader))
        if (mailbox !== undefined) Mailbox.clear(mailbox)
      }
    }
  }
}
