/** From sign-up to a stream that is cut, as people with client programs go: asked of one front, heard from another. */
import { assert } from "@effect/vitest"
import { makeBrowser } from "@rookery/testkit/Browser"
import { Effect, Schedule } from "effect"
import { type App, type Driver, type Heard, type Listener, type Person, scopes, type Server, type SignUp } from "./Driver.ts"

const redirectUri = "https://client.example/back"

/** Waits for what the cluster does behind its answers; for at most 30 s. */
const soon = <A>(what: string, ask: () => Promise<A>, isThere: (answer: A) => boolean) =>
  Effect.promise(ask).pipe(
    Effect.repeat({ until: isThere, schedule: Schedule.spaced(100), times: 300 }),
    Effect.tap((answer) => Effect.sync(() => assert.isTrue(isThere(answer), `${what}, but: ${JSON.stringify(answer)}`)))
  )

const hears = ({ heard }: Listener, event: Heard["event"], what: string) =>
  soon(`${event} of ${what} is heard`, async () => [...heard], (all) => all.some((one) => one.event === event && one.what === what))

const ask = <A>(question: () => Promise<A>) => Effect.promise(question)

/** Streams that are open at a front. */
const streamsAt = async (front: string): Promise<number> =>
  Number(/^rookery_streams ([0-9]+)$/m.exec(await (await fetch(`${front}/metrics`)).text())?.[1])

const listening = (person: Person, stream: "user" | { readonly tag: string }) =>
  Effect.acquireRelease(ask(() => person.listen(stream)), ({ close }) => Effect.sync(close))

/** Logs in on the page, without scripts, and takes the code that the browser is sent away with. */
const codeFor = (server: Server, app: App, { email, password }: SignUp) =>
  Effect.gen(function*() {
    const browser = makeBrowser(server.rest)
    const query = new URLSearchParams({ response_type: "code", client_id: app.clientId, redirect_uri: redirectUri, scope: scopes.join(" ") })
    const login = yield* browser.visit(`/oauth/authorize?${query.toString()}`)
    const consent = yield* browser.logIn(login, email, password)
    const back = yield* browser.press(consent, "allow")
    return new URL(back.location!).searchParams.get("code")!
  })

const nameOf = (name: string): SignUp => ({ username: name, email: `${name}@example.org`, password: "correct horse" })

/** A 1 × 1 PNG. */
const picture = new Blob([
  Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==", "base64")
], { type: "image/png" })

interface Cast {
  readonly ann: Person
  readonly bob: Person
  readonly cid: Person
  readonly annId: string
  readonly bobId: string
  readonly cidId: string
}

/** Three people: one keeps the token of the sign-up, one logs in by a code, one by the password. */
const enter = (driver: Driver, server: Server, prefix: string) =>
  Effect.gen(function*() {
    const app = yield* ask(() => driver.register(server, redirectUri))
    const [ann, bob, cid] = [nameOf(`${prefix}_ann`), nameOf(`${prefix}_bob`), nameOf(`${prefix}_cid`)]
    const annToken = yield* ask(() => driver.signUp(server, app, ann))
    for (const other of [bob, cid]) yield* ask(() => driver.signUp(server, app, other))
    const code = yield* codeFor(server, app, bob)
    const bobToken = yield* ask(() => driver.byCode(server, app, code, redirectUri))
    const cidToken = yield* ask(() => driver.byPassword(server, app, cid))
    const people = [annToken, bobToken, cidToken].map((token) => driver.person(server, token))
    const ids = yield* ask(() => Promise.all(people.map((person) => person.id())))
    return { ann: people[0]!, bob: people[1]!, cid: people[2]!, annId: ids[0]!, bobId: ids[1]!, cidId: ids[2]! } satisfies Cast
  })

/** Posts are written, answered, marked and changed, and those who listen hear of it. */
const conversation = ({ ann, annId, bob, cid }: Cast, server: Server, tag: string) =>
  Effect.gen(function*() {
    const [bobs, anns, tags] = [yield* listening(bob, "user"), yield* listening(ann, "user"), yield* listening(cid, { tag })]
    const fronts = [server.rest, server.streaming.replace("ws", "http")]
    yield* soon("people listen at the other front", () => Promise.all(fronts.map(streamsAt)), ([asked, told]) => asked === 0 && told === 3)
    assert.isTrue((yield* ask(() => bob.relate("follow", annId))).following)
    yield* hears(anns, "notification", "follow")

    const media = yield* ask(() => ann.upload(picture, "one dot"))
    const post = yield* ask(() => ann.post(`hello #${tag}`, { spoiler: "careful", mediaIds: [media] }))
    assert.deepInclude(post, { spoiler: "careful", visibility: "public", mediaIds: [media] })
    yield* hears(bobs, "update", post.id)
    yield* hears(tags, "update", post.id)

    const reply = yield* ask(() => bob.post(`@${tag}_ann indeed`, { replyTo: post.id, visibility: "unlisted" }))
    assert.deepInclude(reply, { replyTo: post.id, visibility: "unlisted" })
    yield* hears(anns, "notification", "mention")
    for (const verb of ["favourite", "bookmark"] as const) yield* ask(() => bob.act(verb, post.id))
    assert.strictEqual((yield* ask(() => bob.act("reblog", post.id))).reblogOf, post.id)
    yield* hears(anns, "notification", "favourite")
    yield* hears(anns, "notification", "reblog")

    assert.include((yield* ask(() => ann.edit(post.id, `hello again #${tag}`))).content, "again")
    yield* hears(bobs, "status.update", post.id)
    const private_ = yield* ask(() => ann.post("for those who follow", { visibility: "private" }))
    yield* hears(bobs, "update", private_.id)
    yield* ask(() => ann.remove(private_.id))
    yield* hears(bobs, "delete", private_.id)
    return { post, reply }
  })

const isPage = (ids: ReadonlyArray<string>, all: ReadonlyArray<string>): boolean => all.every((id) => ids.includes(id)) && new Set(ids).size === ids.length

/** What was written is found again, page by page. */
const reading = ({ ann, annId, bob, bobId }: Cast, tag: string, { post, reply }: { readonly post: { readonly id: string }; readonly reply: { readonly id: string } }) =>
  Effect.gen(function*() {
    const more = yield* Effect.forEach([1, 2, 3], (n) => ask(() => ann.post(`number ${n} #${tag}`)))
    const all = [...more.map(({ id }) => id), post.id]
    yield* soon("home has all", () => bob.walk("home", 2), (ids) => isPage(ids, [...all, reply.id]))
    yield* soon("the public timeline has all", () => bob.walk("public", 2), (ids) => isPage(ids, all) && !ids.includes(reply.id))
    yield* soon("the tag has all", () => bob.walk({ tag }, 2), (ids) => isPage(ids, all) && ids.length === all.length)
    assert.deepStrictEqual(yield* ask(bob.bookmarks), [post.id])
    assert.deepStrictEqual(yield* ask(bob.lists), [])
    assert.strictEqual(yield* ask(() => bob.mark(post.id)), post.id)

    const notices = yield* ask(ann.notifications)
    assert.sameMembers(notices.map(({ type }) => type), ["follow", "mention", "favourite", "reblog"])
    assert.isTrue(notices.every(({ from }) => from === bobId))
    assert.strictEqual(notices.find(({ type }) => type === "mention")?.status, reply.id)

    yield* soon("the account is found", () => bob.search(`${tag}_ann`), ({ accounts }) => accounts.includes(annId))
    yield* soon("the posts are found", () => bob.search("number"), ({ statuses }) => more.every(({ id }) => statuses.includes(id)))
    yield* soon("the tag is found", () => bob.search(`#${tag}`), ({ tags }) => tags.includes(tag))
  })

/** Nothing of who blocks one is heard any more, on a stream that was open before. */
const parting = ({ ann, annId, bob, bobId, cid, cidId }: Cast) =>
  Effect.gen(function*() {
    yield* ask(() => bob.relate("follow", cidId))
    yield* ask(() => ann.relate("follow", cidId))
    yield* ask(() => cid.relate("follow", annId))
    const [bobs, cids] = [yield* listening(bob, "user"), yield* listening(cid, "user")]
    const before = yield* ask(() => ann.post("before the block"))
    yield* hears(bobs, "update", before.id)
    assert.isTrue((yield* ask(() => ann.relate("block", bobId))).blocking)
    const after = yield* ask(() => ann.post("after the block"))
    yield* hears(cids, "update", after.id)
    const last = yield* ask(() => cid.post("and now something else"))
    yield* hears(bobs, "update", last.id)
    assert.isFalse(bobs.heard.some(({ what }) => what === after.id), "bob heard what ann wrote after she blocked him")
    const home = yield* ask(() => bob.walk("home", 20))
    assert.isFalse([before.id, after.id].some((id) => home.includes(id)), "bob's home shows what ann wrote")
  })

/** `prefix` begins the names of all who take part, and is the tag that they use. */
export const journey = (driver: Driver, server: Server, prefix: string) =>
  Effect.gen(function*() {
    const cast = yield* enter(driver, server, prefix)
    yield* reading(cast, prefix, yield* Effect.scoped(conversation(cast, server, prefix)))
    yield* Effect.scoped(parting(cast))
  })
