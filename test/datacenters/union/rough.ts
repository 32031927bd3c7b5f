/** Links as rough as they get: messages twice and out of order, and an own server that is away for a while. */
import { type Arrival, LinkError, type Links } from "@rookery/bus/Links"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect, Stream } from "effect"

export interface Rough {
  /** Share of the messages that come twice, 0…1. */
  readonly twice: number
  /** A message is held up for less than this, so that later ones overtake it. Milliseconds. */
  readonly heldMillis: number
  /** The own server takes nothing. */
  away: boolean
  /** Once it took a message its answer is lost, with this share. */
  readonly unanswered: number
}

/** Overtaken by at most so many. */
const heldMax = 16

/** What the wrapped links send is counted, for the bench. */
export interface Sent {
  messages: number
  bytes: number
}

export const make = (links: Links["Service"], rough: Rough, random: Seeded, sent: Sent): Links["Service"] => {
  const noAnswer = (reason: string) => new LinkError({ reason, cause: undefined })
  const again = (arrival: Arrival): ReadonlyArray<Arrival> => random.chance(rough.twice) ? [arrival, arrival] : [arrival]
  const hold = (arrival: Arrival) => Effect.as(Effect.sleep(random.next() * rough.heldMillis), arrival)
  return {
    ...links,
    send: (parcels) =>
      Effect.suspend(() => {
        if (rough.away) return Effect.fail(noAnswer("the server is away"))
        sent.messages += parcels.length
        for (const { data } of parcels) sent.bytes += data.length
        const isLost = random.chance(rough.unanswered)
        return Effect.andThen(links.send(parcels), isLost ? Effect.fail(noAnswer("no answer")) : Effect.void)
      }),
    receive: (origin) =>
      links.receive(origin).pipe(
        Stream.flatMap((arrival) => Stream.fromIterable(again(arrival))),
        Stream.mapEffect(hold, { concurrency: heldMax, unordered: true })
      )
  }
}
