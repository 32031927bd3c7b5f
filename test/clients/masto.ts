/** The journey in the words of `masto`. */
import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient, type mastodon } from "masto"
import { type App, type Driver, type Heard, type Listener, type Person, scopes, type Server, type Status, type Timeline } from "./Driver.ts"

type Rest = mastodon.rest.Client

const outOfBand = "urn:ietf:wg:oauth:2.0:oob"

const statusOf = (status: mastodon.v1.Status): Status => ({
  id: status.id,
  content: status.content,
  spoiler: status.spoilerText,
  visibility: status.visibility,
  replyTo: status.inReplyToId ?? null,
  reblogOf: status.reblog?.id ?? null,
  mediaIds: status.mediaAttachments.map(({ id }) => id)
})

const idsOf = (list: ReadonlyArray<{ readonly id: string }>): ReadonlyArray<string> => list.map(({ id }) => id)

const programOf = async ({ rest: url }: Server, app: App): Promise<Rest> => {
  const token = await createOAuthAPIClient({ url }).token.create({
    grantType: "client_credentials",
    ...app,
    redirectUri: outOfBand,
    scope: scopes.join(" ")
  })
  return createRestAPIClient({ url, accessToken: token.accessToken })
}

/** The library follows the server's links from page to page. */
const walk = async (rest: Rest, timeline: Timeline, limit: number): Promise<ReadonlyArray<string>> => {
  const { home, public: all, tag } = rest.v1.timelines
  const pages = timeline === "home" ? home.list({ limit }) : timeline === "public" ? all.list({ limit }) : tag.$select(timeline.tag).list({ limit })
  const ids: Array<string> = []
  for await (const page of pages) ids.push(...idsOf(page))
  return ids
}

const heardOf = (event: mastodon.streaming.Event): ReadonlyArray<Heard> => {
  if (event.event === "update" || event.event === "status.update") return [{ event: event.event, what: event.payload.id }]
  if (event.event === "delete") return [{ event: event.event, what: event.payload }]
  return event.event === "notification" ? [{ event: event.event, what: event.payload.type }] : []
}

const listen = async ({ streaming }: Server, accessToken: string, stream: "user" | { readonly tag: string }): Promise<Listener> => {
  const client = createStreamingAPIClient({ streamingApiUrl: streaming, accessToken, retry: false })
  // Not in what the library promises, but the only way to know that the socket is open.
  await (client as unknown as { readonly prepare: () => Promise<void> }).prepare()
  const heard: Array<Heard> = []
  const events = stream === "user" ? client.user.subscribe() : client.hashtag.subscribe({ tag: stream.tag })
  void (async () => {
    for await (const event of events) heard.push(...heardOf(event))
  })()
  return { heard, close: () => client.close() }
}

const personOf = (server: Server, accessToken: string): Person => {
  const rest = createRestAPIClient({ url: server.rest, accessToken })
  const { accounts, statuses } = rest.v1
  return {
    id: async () => (await accounts.verifyCredentials()).id,
    post: async (status, { mediaIds, replyTo, spoiler, visibility } = {}) =>
      statusOf(await statuses.create({
        status,
        visibility: visibility ?? "public",
        ...(spoiler === undefined ? {} : { spoilerText: spoiler }),
        ...(replyTo === undefined ? {} : { inReplyToId: replyTo }),
        ...(mediaIds === undefined ? {} : { mediaIds: [...mediaIds] })
      })),
    edit: async (id, status) => statusOf(await statuses.$select(id).update({ status })),
    remove: async (id) => void (await statuses.$select(id).remove()),
    act: async (verb, id) => statusOf(await statuses.$select(id)[verb]()),
    relate: async (verb, id) => accounts.$select(id)[verb](),
    upload: async (file, description) => (await rest.v2.media.create({ file, description })).id,
    walk: (timeline, pageSize) => walk(rest, timeline, pageSize),
    bookmarks: async () => idsOf(await rest.v1.bookmarks.list()),
    notifications: async () =>
      (await rest.v1.notifications.list()).map(({ account, status, type }) => ({ type, from: account.id, status: status?.id })),
    search: async (q) => {
      const found = await rest.v2.search.list({ q })
      return { accounts: idsOf(found.accounts), statuses: idsOf(found.statuses), tags: found.hashtags.map(({ name }) => name) }
    },
    mark: async (id) => {
      await rest.v1.markers.create({ home: { lastReadId: id } })
      return (await rest.v1.markers.fetch({ timeline: ["home"] })).home?.lastReadId
    },
    lists: async () => rest.v1.lists.list(),
    listen: (stream) => listen(server, accessToken, stream)
  }
}

export const driver: Driver = {
  register: async ({ rest: url }, redirectUri) => {
    const app = await createRestAPIClient({ url }).v1.apps.create({ clientName: "masto", redirectUris: redirectUri, scopes: scopes.join(" ") })
    return { clientId: app.clientId!, clientSecret: app.clientSecret! }
  },
  signUp: async (server, app, person) =>
    (await (await programOf(server, app)).v1.accounts.create({ ...person, agreement: true, locale: "en" })).accessToken,
  byCode: async ({ rest: url }, app, code, redirectUri) =>
    (await createOAuthAPIClient({ url }).token.create({ grantType: "authorization_code", ...app, code, redirectUri })).accessToken,
  byPassword: async ({ rest: url }, app, { email: username, password }) =>
    (await createOAuthAPIClient({ url }).token.create({ grantType: "password", ...app, username, password, redirectUri: outOfBand, scope: scopes.join(" ") }))
      .accessToken,
  person: personOf
}
