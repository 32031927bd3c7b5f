/** How a handler's outcome becomes an answer: bounded in number, in size, and always an answer. */
import { Cause, Effect, Option, Semaphore } from "effect"
import type { AskHandler } from "./Links.ts"
import { answerBytesMax, answersUnderWayMax } from "./linkBounds.ts"

export type Answer = { readonly _tag: "Ok"; readonly data: Uint8Array } | { readonly _tag: "Refused"; readonly reason: string }

/** In characters. */
const reasonMax = 500

const refused = (reason: string): Answer => ({ _tag: "Refused", reason: reason.slice(0, reasonMax) })

const checkSize = (data: Uint8Array): Answer =>
  data.length > answerBytesMax ? refused(`the answer has ${data.length} bytes; ${answerBytesMax} are allowed`) : { _tag: "Ok", data }

/** Never fails. A handler that dies is told as such, and logged. */
export const bounded = (handler: AskHandler): (data: Uint8Array, from: string) => Effect.Effect<Answer> => {
  const places = Semaphore.makeUnsafe(answersUnderWayMax)
  return (data, from) =>
    handler(data, from).pipe(
      Effect.map(checkSize),
      Effect.catch((reason) => Effect.succeed(refused(reason))),
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.succeed(refused("the process that was asked is stopping"))
          : Effect.as(Effect.logError("a question of another datacenter could not be answered", cause), refused("it failed"))
      ),
      places.withPermitsIfAvailable(1),
      Effect.map(Option.getOrElse(() => refused("too many questions at once")))
    )
}
