/** People by their names: whoever is meant exactly, then those one follows, then everybody else, each by followers. */
import type { AccountId } from "@rookery/domain/Ids"
import * as SearchText from "@rookery/domain/SearchText"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import * as Input from "../http/Input.ts"
import { personal, type Route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import { foundMax } from "../read/Discovery.ts"
import { localName } from "./accounts.ts"
import { accountList } from "./shared.ts"

/** Characters of a question that count. */
export const questionMax = 500

export interface NamesQuestion {
  readonly text: string
  /** Only of those whom the viewer follows. */
  readonly following: boolean
  readonly limit: number
  readonly offset: number
}

type Entities = Effect.Success<ReturnType<typeof accountList>>

/** Ids that may be shown, in their order, each once. */
const candidates = (deps: Deps, viewer: Account | undefined, { following, text }: NamesQuestion) =>
  Effect.gen(function*() {
    const name = localName(text, new URL(deps.settings.publicUrl).host)
    const words = SearchText.namesOf(name ?? text)
    const meant = name === undefined ? undefined : yield* deps.accounts.byUsername(name)
    const followees = viewer === undefined ? [] : yield* deps.search.followees(viewer.id, words, foundMax)
    const all = following ? [] : yield* deps.discovery.accounts(words)
    const first = meant === undefined || (following && !followees.includes(meant.id)) ? [] : [meant.id]
    return [...new Set([...first, ...followees, ...all])]
  })

/** Rows read at once. */
const chunk = 100

/** The page behind those that are left out, of the people whom this viewer is shown in lists. */
export const namesPage = (deps: Deps, viewer: Account | undefined, question: NamesQuestion): Effect.Effect<Entities, StoreError> =>
  Effect.gen(function*() {
    const ids: ReadonlyArray<AccountId> = yield* candidates(deps, viewer, question)
    const end = question.offset + question.limit
    const shown: Array<Entities[number]> = []
    for (let at = 0; at < ids.length && shown.length < end; at += chunk) {
      shown.push(...(yield* accountList(deps, ids.slice(at, at + chunk), viewer)))
    }
    return shown.slice(question.offset, end)
  })

const decode = Input.decoder(Schema.Struct({
  ...Input.Offsets,
  q: Schema.optionalKey(Input.Text),
  following: Schema.optionalKey(Input.Flag),
  resolve: Schema.optionalKey(Input.Flag)
}))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  personal("GET", "/api/v1/accounts/search", "read:accounts", (request, me) =>
    Effect.gen(function*() {
      const input = yield* decode(request.fields)
      const question = { text: (input.q ?? "").slice(0, questionMax), following: input.following === true, ...Input.offsetBounds(input, 40, 80) }
      return Answer.json(yield* namesPage(deps, me, question))
    }))
]
