/** One notification for each actor, verb and object, wherever the two live; none is missing of what stands. */
import { Effect } from "effect"
import { broken } from "../../oracle/world.ts"
import { pairOf, type Person, readAll, type Society } from "./society.ts"

interface Notice {
  readonly id: string
  readonly type: string
  readonly account: { readonly id: string }
  readonly status: { readonly id: string } | null
}

const pageMax = 80

const keyOf = (verb: string, by: bigint | string, object: bigint | string): string => `${verb} ${by} ${object}`

/** What stands between `person` and those with whom nothing was ever contested; of the rest some may be told, and some not. */
const due = (society: Society, person: Person): Array<string> => {
  const { contested, doubts, locked, oracle, people, quiet } = society
  const plain = people.filter(({ id }) => id !== person.id && !contested.has(pairOf(id, person.id)) && !quiet.has(pairOf(id, person.id)))
  const found: Array<string> = []
  for (const { id } of plain) {
    const isSure = !locked.has(person.id) && !doubts.relations.has(`${id} ${person.id}`)
    if (isSure && oracle.follows.get(id)!.has(person.id)) found.push(keyOf("follow", id, ""))
  }
  for (const post of oracle.posts.values()) {
    if (post.deleted) continue
    if (post.author === person.id) {
      for (const { id } of plain) if (oracle.likes.get(post.id)!.has(id)) found.push(keyOf("favourite", id, post.id))
      continue
    }
    if (!plain.some(({ id }) => id === post.author)) continue
    if (post.text.endsWith(`@${person.name}`) && post.visibility !== "direct") found.push(keyOf("mention", post.author, post.id))
    const original = post.repostOf === null ? undefined : oracle.posts.get(post.repostOf)
    if (original?.author === person.id) found.push(keyOf("reblog", post.author, original.id))
  }
  return found
}

export const verify = (society: Society, person: Person, via: string) =>
  Effect.gen(function*() {
    const notices = yield* readAll<Notice>(society, person, via, "/notifications", () => pageMax)
    const told = notices.map(({ account, status, type }) => keyOf(type, account.id, status?.id ?? ""))
    const twice = told.filter((key, n) => told.indexOf(key) !== n)
    if (twice.length > 0) yield* broken("one notification for each actor, verb and object (I9)", { person: person.id, home: person.home, twice })
    const missing = due(society, person).filter((key) => !told.includes(key))
    if (missing.length > 0) yield* broken("what stands was told of (I9)", { person: person.id, home: person.home, missing, told: told.length })
  })
