/** The people of the conformance walk, and what they do so that there is something to answer with. */
import { Effect } from "effect"
import * as Scopes from "../../src/oauth/Scopes.ts"
import { type Call, type Client, eventually, type Someone } from "../frontWorld.ts"

/** Who calls. Whoever is nobody in particular has no token. */
export interface Caller {
  readonly name: string
  readonly token: string | undefined
}

/** A caller with an account. */
export interface Person extends Caller, Someone {
  readonly token: string
  readonly username: string
}

export interface World {
  readonly client: Client
  readonly author: Person
  /** A program's own registration and token. */
  readonly program: { readonly clientId: string; readonly secret: string; readonly token: string }
  /** Acts towards the callers; they all follow each other. */
  readonly fan: Person
  /** A public post of the author's, which the fan has liked and boosted, with a tag. */
  readonly post: string
  readonly people: ReadonlyArray<Person>
}

const scopes = Scopes.all.join(" ")

let made = 0

/** Somebody new, whom nobody knows. */
export const newcomer = (client: Client, name = "newcomer") =>
  Effect.suspend(() => {
    const username = `${name}_${made++}`
    return Effect.map(client.signUpWith(username, scopes), (someone): Person => ({ name, username, ...someone }))
  })

export const act = (world: World, by: Person, path: string, call: Call = {}) =>
  world.client.ok("POST", path, { token: by.token, ...call })

const follow = (client: Client, by: Person, other: Person) =>
  client.ok("POST", `/api/v1/accounts/${other.id}/follow`, { token: by.token })

/** An author, a follower of theirs, somebody whom they do not know, and a fan of all. */
export const make = (client: Client) =>
  Effect.gen(function*() {
    const { client_id: clientId, client_secret: secret } = yield* client.register(scopes)
    const author = yield* newcomer(client, "author")
    const follower = yield* newcomer(client, "follower")
    const stranger = yield* newcomer(client, "stranger")
    const fan = yield* newcomer(client, "fan")
    const people = [author, follower, stranger]
    yield* follow(client, follower, author)
    for (const person of people) {
      yield* follow(client, person, fan)
      yield* follow(client, fan, person)
    }
    const { id: post } = yield* client.post(author, "a #walk through https://example.org", { language: "en" })
    for (const verb of ["favourite", "reblog"]) yield* client.ok("POST", `/api/v1/statuses/${post}/${verb}`, { token: fan.token })
    const world: World = {
      client,
      author,
      program: { clientId, secret, token: yield* client.appToken(scopes) },
      fan,
      post,
      people
    }
    return world
  })

/** A post of the caller's own. */
export const own = (world: World, me: Person, more: object = {}) =>
  Effect.map(world.client.post(me, `mine, ${me.name}`, more), ({ id }): string => id)

/** The first of a list that holds something, soon. */
const firstOf = (world: World, me: Person, path: string, isIt: (item: { readonly id: string }) => boolean = () => true) =>
  Effect.map(
    eventually(world.client.ok("GET", path, { token: me.token }), (list: ReadonlyArray<{ readonly id: string }>) => list.some(isIt)),
    (list) => list.find(isIt)!
  )

const namedBy = (world: World, by: Person, me: Person, visibility: string) =>
  world.client.post(by, `@${me.username} look`, { visibility })

/** A notification that the caller has. */
export const notified = (world: World, me: Person) =>
  Effect.gen(function*() {
    yield* namedBy(world, world.fan, me, "public")
    const { id } = yield* firstOf(world, me, "/api/v1/notifications?types[]=mention")
    return id
  })

/** The key of a group of notifications that the caller has. */
export const group = (world: World, me: Person) =>
  Effect.gen(function*() {
    yield* notified(world, me)
    const { notification_groups: groups } = yield* world.client.ok("GET", "/api/v2/notifications", { token: me.token })
    return groups[0].group_key as string
  })

/** A conversation of the caller with the fan. */
export const conversation = (world: World, me: Person) =>
  Effect.gen(function*() {
    yield* namedBy(world, world.fan, me, "direct")
    return (yield* firstOf(world, me, "/api/v1/conversations")).id
  })

/** What a newcomer sent the caller, held back as the caller's policy says. */
export const heldBack = (world: World, me: Person) =>
  Effect.gen(function*() {
    yield* world.client.ok("PATCH", "/api/v2/notifications/policy", { token: me.token, json: { for_not_following: "filter" } })
    yield* namedBy(world, yield* newcomer(world.client), me, "public")
    return (yield* firstOf(world, me, "/api/v1/notifications/requests")).id
  })

/** Somebody who asks to follow the caller. */
export const requested = (world: World, me: Person) =>
  Effect.gen(function*() {
    yield* world.client.ok("PATCH", "/api/v1/accounts/update_credentials", { token: me.token, json: { locked: true } })
    const asking = yield* newcomer(world.client)
    yield* follow(world.client, asking, me)
    yield* firstOf(world, me, "/api/v1/follow_requests", ({ id }) => id === asking.id)
    return asking.id
  })
