/**
 * A walk through every operation of the contract that the front answers, as its author, a follower, a stranger and
 * nobody in particular: each is answered with 2xx as the schema says, or refused with 401 where a person is needed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { answerProblems, problems } from "./contract.ts"
import { isAnswered, isStream, nameOf, type Operation, operations } from "./contractPaths.ts"
import { type Reply, withFront } from "./frontWorld.ts"
import { serverSent } from "./streams.ts"
import * as Accounts from "./walk/accounts.ts"
import * as Around from "./walk/around.ts"
import * as Media from "./walk/media.ts"
import * as Notifications from "./walk/notifications.ts"
import { type Given, open, personal, type Row, type Rows } from "./walk/row.ts"
import * as Statuses from "./walk/statuses.ts"
import * as WalkWorld from "./walk/walkWorld.ts"

const rows: Rows = { ...Around.rows, ...Accounts.rows, ...Statuses.rows, ...Media.rows, ...Notifications.rows }

/** How to call it. What is only read and has no place in its path needs no row of its own. */
const rowOf = (operation: Operation): Row | undefined => {
  const row = rows[nameOf(operation)]
  if (row !== undefined || operation.method !== "GET" || operation.path.includes("{")) return row
  return operation.scopes.length === 0 ? open() : personal()
}

const nobody: WalkWorld.Caller = { name: "nobody in particular", token: undefined }

const addressOf = ({ path }: Operation, given: Given): string => {
  const filled = path.replaceAll(/\{([^}]*)\}/g, (_, name: string) => encodeURIComponent(given.path?.[name] ?? `no-${name}-given`))
  return given.query === undefined ? filled : `${filled}?${given.query}`
}

const isGood = ({ status }: Reply): boolean => status >= 200 && status < 300

/** What is wrong with the answer to one caller. */
const judge = (operation: Operation, row: Row, caller: WalkWorld.Caller, reply: Reply): ReadonlyArray<string> => {
  if (caller.token !== undefined || row.isOpen) {
    return isGood(reply) ? answerProblems(operation, reply.status, reply.body) : [`${reply.status} ${reply.text.slice(0, 300)}`]
  }
  return reply.status === 401 ? problems("Error", reply.body) : [`must be 401, is ${reply.status}`]
}

const empty: Reply = { status: 200, headers: new Headers(), text: "", body: undefined }

/** An open stream is a good answer; a refusal is read as any other. */
const send = ({ client }: WalkWorld.World, operation: Operation, token: string | undefined, given: Given) => {
  const path = addressOf(operation, given)
  return isStream(operation) && token !== undefined
    ? Effect.scoped(Effect.as(Effect.orDie(serverSent(client.base, path, token)), empty))
    : client.call(operation.method, path, token === undefined ? given : { token, ...given })
}

interface Walked {
  readonly name: string
  readonly complaints: ReadonlyArray<string>
  /** Whether some answer was a list, and whether all lists were empty. */
  readonly isList: boolean
  readonly isEmpty: boolean
}

const walkOne = (world: WalkWorld.World, operation: Operation, row: Row) =>
  Effect.gen(function*() {
    const complaints: Array<string> = []
    const lists: Array<ReadonlyArray<unknown>> = []
    for (const caller of [...world.people, nobody]) {
      const { token, ...given } = yield* row.give(world, caller)
      const reply = yield* send(world, operation, caller.token === undefined ? undefined : token ?? caller.token, given)
      if (Array.isArray(reply.body)) lists.push(reply.body)
      complaints.push(...judge(operation, row, caller, reply).map((what) => `${nameOf(operation)} as ${caller.name}: ${what}`))
    }
    const walked: Walked = {
      name: nameOf(operation),
      complaints,
      isList: lists.length > 0,
      isEmpty: lists.every((list) => list.length === 0)
    }
    return walked
  })

describe("a walk through the contract", () => {
  it.live("is answered as the schema says, whoever calls", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const answered = operations.filter(isAnswered)
        const unknown = answered.filter((one) => rowOf(one) === undefined).map(nameOf)
        assert.deepStrictEqual(unknown, [], "answered, but the walk does not know how to call them: add rows to packages/front/test/walk/")
        const known = new Set(answered.map(nameOf))
        const stale = [...Object.keys(rows), ...Around.empty].filter((name) => !known.has(name))
        assert.deepStrictEqual(stale, [], "rows of the walk that the front does not answer")

        const world = yield* WalkWorld.make(client)
        const walked = yield* Effect.forEach(answered, (one) => walkOne(world, one, rowOf(one)!))
        assert.deepStrictEqual(walked.flatMap(({ complaints }) => complaints), [])
        const nothing = walked.filter(({ isEmpty, isList }) => isList && isEmpty).map(({ name }) => name).filter((name) => !Around.late.has(name))
        assert.sameMembers(nothing, [...Around.empty], "lists that were empty for everybody show nothing of their schema; or were not empty at all")

        const rest = operations.filter((one) => !known.has(nameOf(one)))
        console.log(`${answered.length} of ${operations.length} operations of the contract walked; not there, as docs/contract.md explains:`)
        console.log(rest.map((one) => `  ${nameOf(one)}`).join("\n"))
      })), 300_000)
})
