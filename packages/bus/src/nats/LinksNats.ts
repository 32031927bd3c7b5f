/**
 * The links over NATS: one connection to the own server for each datacenter's account, the own one included. The servers are
 * joined by leaf connections, so nothing here knows where the other datacenters are.
 */
import { Effect, Layer, Queue, type Scope, Stream } from "effect"
import { type Arrival, LinkError, Links } from "../Links.ts"
import { ackMillisDefault, checkParcels, checkQuestion, noSuchOrigin } from "../linkBounds.ts"
import * as Asking from "./Asking.ts"
import * as Connection from "./connection.ts"
import * as linkNames from "./linkNames.ts"
import * as LinkProbe from "./LinkProbe.ts"
import * as OwnStream from "./OwnStream.ts"
import * as Puller from "./Puller.ts"

export interface LinksNatsOptions {
  /** The own datacenter's server. */
  readonly url: string
  /** Shown by the server. */
  readonly name: string
  readonly own: string
  readonly others: ReadonlyArray<string>
  readonly users: {
    readonly own: User
    /** By the others' names: who we are in their accounts. */
    readonly others: Readonly<Record<string, User>>
  }
  readonly tls?: Connection.ConnectionOptions["tls"]
  /** The same for all processes of a datacenter. */
  readonly stream?: Partial<OwnStream.StreamOptions>
}

export interface User {
  readonly user: string
  readonly password: string
}

const openAs = (options: LinksNatsOptions, user: User | undefined) =>
  Connection.make(
    {
      url: options.url,
      name: options.name,
      user: user?.user,
      password: user?.password,
      tls: options.tls,
      inboxPrefix: linkNames.inboxPrefix(options.own)
    },
    (cause) => new LinkError({ reason: `the own NATS server cannot be used as ${user?.user ?? "nobody"}`, cause })
  )

/** What we have of one other datacenter. */
const makePeer = (options: LinksNatsOptions, origin: string) =>
  Effect.gen(function*() {
    const connection = yield* openAs(options, options.users.others[origin])
    const state = yield* LinkProbe.run(connection, origin, options.own)
    const receive = Stream.unwrap(Effect.gen(function*() {
      const arrivals = yield* Queue.unbounded<Arrival>()
      for (const { name } of linkNames.consumers(options.own)) {
        yield* Puller.run(connection, origin, options.own, name, arrivals)
      }
      return Stream.fromQueue(arrivals)
    }))
    return { state, receive, ask: Asking.asker(connection, origin, state) }
  })

const make = (options: LinksNatsOptions): Effect.Effect<Links["Service"], LinkError, Scope.Scope> =>
  Effect.gen(function*() {
    const { others, own } = options
    const owner = yield* openAs(options, options.users.own)
    const stream = yield* OwnStream.make(owner, others, {
      ackMillis: ackMillisDefault,
      ...OwnStream.streamDefaults,
      ...options.stream
    })
    const peers = new Map(
      yield* Effect.forEach(others, (origin) => Effect.map(makePeer(options, origin), (peer) => [origin, peer] as const), {
        concurrency: "unbounded"
      })
    )
    return {
      own,
      datacenters: others,
      send: (parcels) => Effect.andThen(checkParcels(parcels, others), stream.send(parcels)),
      receive: (origin) => peers.get(origin)?.receive ?? Stream.die(noSuchOrigin(origin)),
      ask: (datacenter, kind, data, timeoutMillis) =>
        Effect.andThen(
          checkQuestion(datacenter, kind, data, others),
          Effect.suspend(() => peers.get(datacenter)!.ask(kind, data, timeoutMillis))
        ),
      answer: Asking.answering(owner, own, others),
      state: (origin) => {
        const peer = peers.get(origin)
        if (peer === undefined) throw noSuchOrigin(origin)
        return peer.state()
      }
    }
  })

/** Fails when the own server cannot be reached or does not know the users; what happens later heals by itself. */
export const layer = (options: LinksNatsOptions): Layer.Layer<Links, LinkError> => Layer.effect(Links, make(options))
