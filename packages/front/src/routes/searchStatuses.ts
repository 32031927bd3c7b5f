/** Posts by their words, for one who is signed in: the newest first, by pages of ids or of how many to leave out. */
import { AccountId } from "@rookery/domain/Ids"
import * as Marks from "@rookery/domain/SearchMarks"
import * as SearchQuery from "@rookery/domain/SearchQuery"
import * as Snowflake from "@rookery/domain/Snowflake"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import { type ApiError, invalid, unavailable } from "../http/Errors.ts"
import * as Links from "../http/Links.ts"
import type { Request } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import type { Hydrated } from "../read/Hydration.ts"
import type { FoundPosts, PostQuestion } from "../read/PostSearch.ts"
import type { Positions } from "../read/Positions.ts"
import { addressOf } from "./shared.ts"

export interface StatusesQuestion {
  readonly text: string
  readonly author: bigint | undefined
  readonly maxId: bigint | undefined
  readonly minId: bigint
  readonly limit: number
  readonly offset: number
}

export interface StatusesPage {
  readonly items: ReadonlyArray<Hydrated>
  readonly link: string | undefined
}

const nothing: StatusesPage = { items: [], link: undefined }

/** Posts that can be left out at most; who wants to go further pages by ids. */
const offsetMax = 10_000

/** The conditions with people in the place of names; undefined when one who must have written the posts is nobody. */
const conditionsOf = (deps: Deps, me: Account, terms: ReadonlyArray<SearchQuery.Term>) =>
  Effect.gen(function*() {
    const conditions: Array<SearchQuery.Condition> = []
    for (const term of terms) {
      if (term.kind !== "from") {
        conditions.push(term)
        continue
      }
      const id = term.name === "me" ? me.id : (yield* deps.accounts.byUsername(term.name))?.id
      if (id !== undefined) conditions.push({ kind: "mark", mark: Marks.author(id), isNot: term.isNot })
      else if (!term.isNot) return undefined
    }
    return conditions
  })

const larger = (a: bigint, b: bigint): bigint => a > b ? a : b

/** Undefined when nothing was asked, or nothing can be found. */
const questionOf = (deps: Deps, me: Account, { author, limit, maxId, minId, text }: StatusesQuestion) =>
  Effect.gen(function*() {
    const query = SearchQuery.parse(text)
    const conditions = SearchQuery.isEmpty(query) ? undefined : yield* conditionsOf(deps, me, query.terms)
    if (conditions === undefined) return undefined
    const own: SearchQuery.Condition | undefined = author === undefined
      ? undefined
      : { kind: "mark", mark: Marks.author(AccountId.make(author)), isNot: false }
    const below = query.below ?? Snowflake.idMax
    const question: PostQuestion = {
      conditions: own === undefined ? conditions : [...conditions, own],
      above: larger(query.above, minId),
      below: maxId !== undefined && maxId < below ? maxId : below,
      upwards: minId > 0n && maxId === undefined,
      limit
    }
    return question
  })

/** Between which ids the pages before and behind this one are. */
const cursorsOf = ({ isWhole, items, reached }: FoundPosts, { above, upwards }: PostQuestion) => {
  const first = items[0]?.rendered.id
  const last = items[items.length - 1]?.rendered.id
  if (isWhole) return first === undefined || last === undefined ? undefined : { first, last }
  return upwards ? { first: reached, last: last ?? above + 1n } : { first: first ?? reached, last: reached }
}

/** Pages by ids start where the last one ended, whatever was to be left out of this one. */
const linkOf = (deps: Deps, request: Request, found: FoundPosts, question: PostQuestion): string | undefined => {
  const query = new URLSearchParams(request.rawQuery)
  query.delete("offset")
  return Links.page(addressOf(deps, request), query.toString(), cursorsOf(found, question))
}

/** Fails with 503 when the time runs out before the page begins: an empty one would be taken for the end. */
export const statusesPage = (
  deps: Deps,
  positions: Positions,
  request: Request,
  me: Account,
  asked: StatusesQuestion
): Effect.Effect<StatusesPage, ApiError | StoreError> =>
  Effect.gen(function*() {
    if (asked.offset > offsetMax) return yield* Effect.fail(invalid(`Validation failed: offset: at most ${offsetMax}`))
    const question = yield* questionOf(deps, me, asked)
    if (question === undefined) return nothing
    const keyOf = (offset: number) => [me.id, asked.author, asked.minId, asked.maxId, offset, asked.text].join(" ")
    const known = asked.offset === 0 ? undefined : positions.get(keyOf(asked.offset))
    const skipped = known === undefined ? asked.offset : 0
    const bounds = known === undefined ? {} : question.upwards ? { above: known } : { below: known }
    const found = yield* deps.postSearch.page(me, { ...question, ...bounds, limit: question.limit + skipped })
    if (skipped > 0 && found.items.length <= skipped && !found.isWhole) return yield* Effect.fail(unavailable())
    const items = question.upwards
      ? found.items.slice(0, Math.max(0, found.items.length - skipped))
      : found.items.slice(skipped)
    if (!found.isWhole) positions.set(keyOf(asked.offset + items.length), found.reached)
    return { items, link: linkOf(deps, request, { ...found, items }, question) }
  })
