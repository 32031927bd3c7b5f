/** Who among those one follows is online: Rookery's own. */
import * as Words from "@rookery/protocol/Words"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { ApiError, invalid } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { documented, personal, type Route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"

/** People looked at, the latest followed first, and shards asked at once. */
const peopleMax = 2_000
const shardsAtOnce = 16

const decodeSetting = Input.decoder(Schema.Struct({ visible: Schema.optionalKey(Input.Flag) }))

type Person = { readonly id: bigint; readonly no: number; readonly shard: number }

/** Asks each shard once; a shard that does not answer fails the whole, since "offline" would be a guess. */
const online = (deps: Deps, people: ReadonlyArray<Person>): Effect.Effect<ReadonlyArray<Person>, ApiError> => {
  const shards = Map.groupBy(people, (person) => person.shard)
  const ask = ([shard, members]: readonly [number, ReadonlyArray<Person>]) => {
    const nos = Uint32Array.from(members, (member) => member.no)
    return Effect.map(deps.calls.online(shard, new Uint8Array(nos.buffer)), (answer) => {
      const found = new Set(Words.words(answer))
      return members.filter((member) => found.has(member.no))
    })
  }
  return Effect.map(Effect.forEach(shards, ask, { concurrency: shardsAtOnce }), (lists) => lists.flat())
}

const state = (deps: Deps, me: Account): Effect.Effect<Answer.Answer, ApiError | StoreError> =>
  Effect.gen(function*() {
    const people = yield* deps.audience.presentable(me.id, peopleMax)
    const found = yield* online(deps, people)
    return Answer.json({
      visible: yield* deps.audience.presenceShown(me.id),
      online: found.map((person) => String(person.id))
    })
  })

const read = (deps: Deps) => personal("GET", "/api/x/presence", "read:follows", (_, me) => state(deps, me))

const write = (deps: Deps) => personal("PUT", "/api/x/presence", "write:accounts", (request, me) =>
  Effect.gen(function*() {
    const { visible } = yield* decodeSetting(request.fields)
    if (visible === undefined) return yield* Effect.fail(invalid("Validation failed: visible: is missing"))
    yield* deps.audience.setPresenceShown(me.id, visible)
    return yield* state(deps, me)
  }))

/** Streams are taken before routes are looked for: this one is for whoever asks with the wrong words, and for the description. */
const stream = personal("GET", "/api/x/stream", "read:statuses", () =>
  Effect.fail(new ApiError({ status: 406, error: "This is a stream of server-sent events" })))

const answer = "`visible`: whether those who follow me see that I am online. `online`: ids of those whom I follow and who are"

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  documented(read(deps), { summary: "Who among those I follow is online", answer }),
  documented(write(deps), {
    summary: "Whether I am seen online",
    fields: { visible: "Whether those who follow me see that I am online; they do unless told otherwise" },
    answer
  }),
  documented(stream, {
    summary: "Home and notifications as server-sent events, resumable without gap or repeat on any front",
    fields: { cursor: "The id of the last event that was seen, as `Last-Event-ID` says it too; without one the stream begins now" },
    answer: "Events `update`, `status.update`, `delete` and `notification`, each with its cursor as its id; an id alone moves the cursor"
  })
]
