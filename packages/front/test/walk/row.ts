/** How the walk calls one operation of the contract. */
import { Effect } from "effect"
import type { Call } from "../frontWorld.ts"
import type { Caller, Person, World } from "./walkWorld.ts"

/** What is sent: values of the path's parameters, the query as it stands, and the rest of the request. */
export interface Given extends Call {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: string
}

export interface Row {
  /** Whether those without a token are answered too; they must be refused with 401 otherwise. */
  readonly isOpen: boolean
  readonly give: (world: World, caller: Caller) => Effect.Effect<Given>
}

type Give<C> = (world: World, caller: C) => Given | Effect.Effect<Given>

const asEffect = (given: Given | Effect.Effect<Given>): Effect.Effect<Given> =>
  Effect.isEffect(given) ? given : Effect.succeed(given)

/** Everybody may. */
export const open = (give: Give<Caller> = () => ({})): Row => ({
  isOpen: true,
  give: (world, caller) => asEffect(give(world, caller))
})

/** People may; each call is made by a person, or without the token as that person would make it. */
export const personal = (give: Give<Person> = () => ({})): Row => ({
  isOpen: false,
  give: (world, caller) => asEffect(give(world, caller.token === undefined ? world.author : caller as Person))
})

export type Rows = Readonly<Record<string, Row>>
