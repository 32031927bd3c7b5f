/**
 * The port to other datacenters. What is sent is kept, in its origin, until each reader has it or it is too old: a
 * reader or a link may be away for hours. Nothing here is the only copy of anything: a stream that is lost is made again
 * empty, and what it held has to be found by comparing.
 */
import { Context, type Effect, Schema, type Scope, type Stream } from "effect"

/** The own datacenter's server did not take it, or cannot be reached. Nothing is known of what it took: repeat with the same ids. */
export class LinkError extends Schema.TaggedError<LinkError>()("LinkError", { reason: Schema.String, cause: Schema.Defect() }) {
  override get message(): string {
    return this.reason
  }
}

/**
 * No answer from the other datacenter. `down`: it is known not to be reachable, and nothing was sent; `nobody`: it is
 * reachable, but no process there answers this kind; `timeout`: it may have been heard.
 */
export class LinkDown extends Schema.TaggedError<LinkDown>()("LinkDown", {
  datacenter: Schema.String,
  reason: Schema.Literals(["down", "nobody", "timeout"])
}) {}

/** The other side, or our own bounds, said no: too large, too much at once, or what its handler failed with. */
export class AskRefused extends Schema.TaggedError<AskRefused>()("AskRefused", {
  datacenter: Schema.String,
  reason: Schema.String
}) {}

export type AskError = LinkDown | AskRefused

/** A message on its way out. */
export interface Parcel {
  /** 1 to 100 characters of `A–Z a–z 0–9 _ -`. A repeat within the duplicate window (5 min) is kept once; after that readers see it twice. */
  readonly id: string
  /** All other datacenters, or one. */
  readonly to: { readonly _tag: "All" } | { readonly _tag: "One"; readonly datacenter: string }
  /** 64 kB at most. */
  readonly data: Uint8Array
}

/** A message that came in. Not acknowledged within `ackMillis` (5 s unless set), or when a process ends, it comes again. */
export interface Arrival {
  readonly data: Uint8Array
  /** Rises with each attempt, from 1; attempts that reached nobody (a process that had gone) count, some of them at once. */
  readonly deliveries: number
  /** It is done with, for all processes of this datacenter. May be lost: then it comes again. */
  readonly ack: Effect.Effect<void>
  /** As `ack`, of a message that can never be used: counted and logged. Keep it first. */
  readonly refuse: (reason: string) => Effect.Effect<void>
}

export interface LinkState {
  /** Whether the other datacenter's server answered within the last two seconds or so. */
  readonly connected: boolean
  /** Messages of its stream for us that are not acknowledged, as of the last answer. */
  readonly pending: number
  /** Since when, by `Date.now()`, `connected` is what it is. */
  readonly since: number
}

/** `from` is the datacenter that asks, as far as its permissions prove it. What it fails with is told to the asker. */
export type AskHandler = (data: Uint8Array, from: string) => Effect.Effect<Uint8Array, string>

export class Links extends Context.Service<Links, {
  readonly own: string
  /** The others, in the topology's order. */
  readonly datacenters: ReadonlyArray<string>
  /** Ends when the own server keeps them all. 500 at once at most; order among them is not kept. */
  readonly send: (parcels: ReadonlyArray<Parcel>) => Effect.Effect<void, LinkError>
  /**
   * What `origin` sent to all or to us, some of it again or out of order. Never ends, never fails, resumes by itself, and
   * takes no more than 1,024 unacknowledged messages from the server at a time, and fewer where they are large. Streams of several processes share the messages.
   */
  readonly receive: (origin: string) => Stream.Stream<Arrival>
  /**
   * One question to any process of `datacenter`. Both bounded: 64 kB there, 512 kB back. Fails at once where the link is
   * known to be down, after `timeoutMillis` otherwise.
   */
  readonly ask: (
    datacenter: string,
    kind: string,
    data: Uint8Array,
    timeoutMillis: number
  ) => Effect.Effect<Uint8Array, AskError>
  /**
   * Answers questions of `kind` (letters, digits and `-`) as one of those who do; registered when the effect ends, until
   * the scope closes. 64 at once, what comes beyond is refused.
   */
  readonly answer: (kind: string, handler: AskHandler) => Effect.Effect<void, LinkError, Scope.Scope>
  readonly state: (origin: string) => LinkState
}>()("rookery/bus/Links") {}

export const toAll = { _tag: "All" } as const
export const toOne = (datacenter: string) => ({ _tag: "One", datacenter }) as const
