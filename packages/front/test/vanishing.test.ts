/**
 * I4: nothing of a blocked, muted or suspended author on any path, at once and for as long as it lasts, with a stream
 * open all the while; and everything back when it ends. Random runs against the plainest model.
 */
import { assert, describe, inject, it } from "@effect/vitest"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { index } from "./discovery.ts"
import { type Client, eventually, type Someone, withFront } from "./frontWorld.ts"
import * as Moderators from "./moderators.ts"

const seed = inject("oracleSeed")
const steps = 70

interface Notice {
  readonly account: { readonly id: string }
}

interface Status {
  readonly id: string
  readonly account: { readonly id: string }
  readonly reblog: Status | null
}

/** What the model knows of an author: how they stand to the viewer now. */
interface Author extends Someone {
  followed: boolean
  blocks: boolean
  blocked: boolean
  muted: boolean
  suspended: boolean
}

interface Posted {
  readonly id: string
  readonly author: Author
  readonly inner: Posted | undefined
  /** Somebody behind it was hidden from the viewer when it was published, and ever since. */
  quiet: boolean
}

interface World {
  readonly client: Client
  readonly viewer: Someone
  readonly moderator: Moderators.Moderator
  readonly authors: ReadonlyArray<Author>
  readonly root: string
  readonly posts: Array<Posted>
  /** Ids that came through the stream. */
  readonly heard: Array<string>
  readonly random: Seeded.Seeded
}

const isHidden = (author: Author): boolean => author.blocks || author.blocked || author.muted || author.suspended

const isBarred = (author: Author): boolean => author.blocks || author.blocked || author.suspended

const anyoneOf = (post: Posted, holds: (author: Author) => boolean): boolean =>
  holds(post.author) || (post.inner !== undefined && anyoneOf(post.inner, holds))

const listen = (client: Client, viewer: Someone, heard: Array<string>) =>
  Effect.acquireRelease(
    Effect.callback<WebSocket>((resume) => {
      const url = `${client.base.replace("http", "ws")}/api/v1/streaming?stream=user&access_token=${viewer.token}`
      const socket = new WebSocket(url)
      socket.addEventListener("message", (message) => {
        const { event, payload } = JSON.parse(String(message.data)) as { event: string; payload: string }
        if (event === "update") heard.push((JSON.parse(payload) as Status).id)
      })
      socket.addEventListener("open", () => resume(Effect.succeed(socket)))
      socket.addEventListener("error", () => resume(Effect.die(new Error("the stream did not open"))))
    }),
    (socket) => Effect.sync(() => socket.close())
  )

const makeWorld = (client: Client, random: Seeded.Seeded) =>
  Effect.gen(function*() {
    const viewer = yield* client.signUp("viewer")
    const authors = yield* Effect.forEach(["ann", "bob", "cat", "dan"], (name) => client.signUp(name))
    const { id: root } = yield* client.post(viewer, "what do you say?")
    const heard: Array<string> = []
    yield* listen(client, viewer, heard)
    const world: World = {
      client,
      viewer,
      moderator: yield* Moderators.make(client),
      authors: authors.map((author) => ({ ...author, followed: false, blocks: false, blocked: false, muted: false, suspended: false })),
      root,
      posts: [],
      heard,
      random
    }
    for (const author of world.authors) yield* follow(world, author)
    return world
  })

const act = ({ client }: World, by: Someone, other: Someone, name: string) =>
  client.ok("POST", `/api/v1/accounts/${other.id}/${name}`, { token: by.token })

const follow = (world: World, author: Author) =>
  Effect.tap(act(world, world.viewer, author, "follow"), () => Effect.sync(() => void (author.followed = true)))

const setSuspended = ({ moderator }: World, author: Author, suspended: boolean) =>
  Effect.tap(suspended ? moderator.suspend(author) : moderator.unsuspend(author), () =>
    Effect.sync(() => void (author.suspended = suspended)))

const publish = (world: World, author: Author, inner: Posted | undefined) =>
  Effect.gen(function*() {
    const { client, posts, random, root } = world
    const before = posts.findIndex((post) => post.author === author && post.inner === inner && inner !== undefined)
    if (before !== -1) return
    const replies = inner === undefined && !isBarred(author) && random.chance(0.4)
    const status: Status = inner === undefined
      ? yield* client.post(author, "#here I am", replies ? { in_reply_to_id: root } : {})
      : yield* client.ok("POST", `/api/v1/statuses/${inner.id}/reblog`, { token: author.token })
    const post: Posted = { id: status.id, author, inner, quiet: false }
    post.quiet = anyoneOf(post, isHidden)
    posts.push(post)
  })

/** One thing that happens; the answer to it is the moment from which it holds. */
const step = (world: World) =>
  Effect.gen(function*() {
    const { authors, posts, random, viewer } = world
    const author = random.pick(authors)
    const kind = random.weighted({ post: 8, repost: 5, block: 2, blockedBy: 2, mute: 3, suspend: 2, follow: 3 })
    if (kind === "suspend") return yield* setSuspended(world, author, !author.suspended)
    if (author.suspended) return // nobody can do a thing with them
    switch (kind) {
      case "post":
        return yield* publish(world, author, undefined)
      case "repost": {
        const open = posts.filter((post) => post.inner === undefined && !post.author.suspended && post.author !== author)
        return open.length === 0 ? undefined : yield* publish(world, author, random.pick(open))
      }
      case "block":
        yield* act(world, viewer, author, author.blocked ? "unblock" : "block")
        author.blocked = !author.blocked
        author.followed &&= !author.blocked
        return
      case "blockedBy":
        yield* act(world, author, viewer, author.blocks ? "unblock" : "block")
        author.blocks = !author.blocks
        author.followed &&= !author.blocks
        return
      case "mute":
        yield* act(world, viewer, author, author.muted ? "unmute" : "mute")
        author.muted = !author.muted
        return
      case "follow":
        if (!isBarred(author)) yield* follow(world, author)
    }
  })

/** Ids of all that is shown on a page, those inside of wrappers too. */
const idsOf = (list: ReadonlyArray<Status>): Array<string> =>
  list.flatMap((status) => status.reblog === null ? [status.id] : [status.id, status.reblog.id])

/** Every path is asked at once after every step: nothing is waited for. */
const check = (world: World) =>
  Effect.gen(function*() {
    const { client, heard, posts, root, viewer } = world
    const get = (path: string) => client.ok("GET", path, { token: viewer.token })
    const known = new Map(posts.map((post) => [post.id, post]))
    const never = (path: string, ids: ReadonlyArray<string>, holds: (author: Author) => boolean) => {
      for (const id of ids) {
        const post = known.get(id)
        if (post !== undefined) assert.isFalse(anyoneOf(post, holds), `seed ${seed}: ${path} shows ${id} of ${post.author.id}`)
      }
    }
    never("home", idsOf(yield* get("/api/v1/timelines/home?limit=40")), isHidden)
    never("context", idsOf((yield* get(`/api/v1/statuses/${root}/context`)).descendants), isHidden)
    const newest = posts.slice(-15).map((post) => post.id)
    never("batch", idsOf(yield* get(`/api/v1/statuses?${newest.map((id) => `id[]=${id}`).join("&")}`)), isBarred)
    for (const author of world.authors) {
      const profile = yield* client.call("GET", `/api/v1/accounts/${author.id}/statuses`, { token: viewer.token })
      never("profile", profile.status === 200 ? idsOf(profile.body) : [], isBarred)
    }
    for (const path of ["timelines/public?limit=40", "timelines/tag/here?limit=40"]) never(path, idsOf(yield* get(`/api/v1/${path}`)), isHidden)
    yield* index
    const { accounts, statuses } = yield* get("/api/v2/search?q=here&limit=40")
    never("search", idsOf(statuses), isHidden)
    const notices: ReadonlyArray<Notice> = yield* get("/api/v1/notifications?limit=80")
    for (const author of world.authors.filter(isBarred)) {
      assert.notInclude(accounts.map(({ id }: { id: string }) => id), author.id, `seed ${seed}: search finds somebody hidden`)
      assert.notInclude(notices.map(({ account }) => account.id), author.id, `seed ${seed}: a notification of somebody hidden`)
    }
    for (const id of newest.slice(-4)) {
      const { status } = yield* client.call("GET", `/api/v1/statuses/${id}`, { token: viewer.token })
      assert.strictEqual(status, anyoneOf(known.get(id)!, isBarred) ? 404 : 200, `seed ${seed}: read of ${id}`)
    }
    for (const post of posts) {
      if (post.quiet) assert.notInclude(heard, post.id, `seed ${seed}: the stream told of a post of somebody hidden`)
      post.quiet &&= anyoneOf(post, isHidden)
    }
  })

/** Whatever is due at home, newest first. */
const due = ({ posts }: World): Array<string> =>
  posts.filter((post) => post.author.followed && !anyoneOf(post, isHidden)).map((post) => post.id).reverse()

const homeIs = (world: World) =>
  eventually(
    Effect.map(world.client.ok("GET", "/api/v1/timelines/home?limit=40", { token: world.viewer.token }), (list: ReadonlyArray<Status>) => ({
      shown: list.map((status) => status.id).filter((id) => id !== world.root).slice(0, 30),
      expected: due(world).slice(0, 30)
    })),
    ({ expected, shown }) => JSON.stringify(expected) === JSON.stringify(shown)
  )

describe("those who are hidden", () => {
  it.live(`vanish at once from every path and from an open stream, and come back (seed ${seed})`, () =>
    withFront((client) =>
      Effect.scoped(Effect.gen(function*() {
        const world = yield* makeWorld(client, Seeded.make(seed))
        for (let n = 0; n < steps; n++) {
          yield* step(world)
          yield* check(world)
          if (n % 10 === 9) yield* homeIs(world)
        }
        // In the end all make up, and the stream is heard again.
        for (const author of world.authors) {
          if (author.suspended) yield* setSuspended(world, author, false)
          if (author.blocked) yield* act(world, world.viewer, author, "unblock")
          if (author.blocks) yield* act(world, author, world.viewer, "unblock")
          if (author.muted) yield* act(world, world.viewer, author, "unmute")
          Object.assign(author, { blocks: false, blocked: false, muted: false })
          yield* follow(world, author)
        }
        yield* homeIs(world)
        const last = yield* Effect.forEach(world.authors, (author) => client.post(author, "friends again"))
        yield* index
        const { token } = world.viewer
        yield* eventually(client.ok("GET", "/api/v1/timelines/tag/here", { token }), (list) => list.length > 0)
        yield* eventually(client.ok("GET", "/api/v2/search?q=here", { token }), ({ statuses }) => statuses.length > 0)
        yield* eventually(Effect.sync(() => [...world.heard]), (heard) => last.every((post) => heard.includes(post.id)))
      })), { entities: { threshold: { promoteAt: seed % 2 === 0 ? 1 : 100, demoteShare: 0.5 } } }), { timeout: 120_000 })
})
