/** The journey in the words of `megalodon`, which finds the streaming address by itself. */
import generator, { type Entity, type MegalodonInterface, type WebSocketInterface } from "megalodon"
import { createReadStream } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type App, type Driver, type Heard, type Listener, type Person, scopes, type Server, type Status, type Timeline } from "./Driver.ts"

const clientOf = ({ rest }: Server, token?: string): MegalodonInterface => generator("mastodon", rest, token ?? null)

const statusOf = (status: Entity.Status): Status => ({
  id: status.id,
  content: status.content,
  spoiler: status.spoiler_text,
  visibility: status.visibility,
  replyTo: status.in_reply_to_id,
  reblogOf: status.reblog?.id ?? null,
  mediaIds: status.media_attachments.map(({ id }) => id)
})

const idsOf = (list: ReadonlyArray<{ readonly id: string }>): ReadonlyArray<string> => list.map(({ id }) => id)

const pageOf = (client: MegalodonInterface, timeline: Timeline, options: { readonly limit: number; readonly max_id?: string }) => {
  if (timeline === "home") return client.getHomeTimeline(options)
  return timeline === "public" ? client.getPublicTimeline(options) : client.getTagTimeline(timeline.tag, options)
}

/** Below the last of each page, until there is none. */
const walk = async (client: MegalodonInterface, timeline: Timeline, limit: number): Promise<ReadonlyArray<string>> => {
  const ids: Array<string> = []
  while (true) {
    const last = ids.at(-1)
    const { data } = await pageOf(client, timeline, { limit, ...(last === undefined ? {} : { max_id: last }) })
    if (data.length === 0) return ids
    ids.push(...idsOf(data))
  }
}

const recorded = (socket: WebSocketInterface): ReadonlyArray<Heard> => {
  const heard: Array<Heard> = []
  socket.on("update", ({ id }: Entity.Status) => heard.push({ event: "update", what: id }))
  socket.on("status_update", ({ id }: Entity.Status) => heard.push({ event: "status.update", what: id }))
  socket.on("delete", (id: string) => heard.push({ event: "delete", what: id }))
  socket.on("notification", ({ type }: Entity.Notification) => heard.push({ event: "notification", what: type }))
  return heard
}

const listen = async (client: MegalodonInterface, stream: "user" | { readonly tag: string }): Promise<Listener> => {
  const socket = stream === "user" ? await client.userStreaming() : await client.tagStreaming(stream.tag)
  await new Promise<void>((resolve, reject) => {
    socket.on("connect", () => resolve())
    socket.on("error", reject)
  })
  return { heard: recorded(socket), close: () => socket.stop() }
}

/** The library takes files as streams from the disk. */
const upload = async (client: MegalodonInterface, picture: Blob, description: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "rookery-megalodon-"))
  try {
    const path = join(folder, "picture.png")
    await writeFile(path, Buffer.from(await picture.arrayBuffer()))
    return (await client.uploadMedia(createReadStream(path), { description })).data.id
  } finally {
    await rm(folder, { recursive: true })
  }
}

const personOf = (server: Server, token: string): Person => {
  const client = clientOf(server, token)
  const acts = { favourite: client.favouriteStatus, reblog: client.reblogStatus, bookmark: client.bookmarkStatus }
  const relations = { follow: client.followAccount, block: client.blockAccount }
  return {
    id: async () => (await client.verifyAccountCredentials()).data.id,
    post: async (text, { mediaIds, replyTo, spoiler, visibility } = {}) => {
      const { data } = await client.postStatus(text, {
        visibility: visibility ?? "public",
        ...(spoiler === undefined ? {} : { spoiler_text: spoiler }),
        ...(replyTo === undefined ? {} : { in_reply_to_id: replyTo }),
        ...(mediaIds === undefined ? {} : { media_ids: [...mediaIds] })
      })
      return statusOf(data as Entity.Status)
    },
    edit: async (id, status) => statusOf((await client.editStatus(id, { status })).data),
    remove: async (id) => void (await client.deleteStatus(id)),
    act: async (verb, id) => statusOf((await acts[verb].call(client, id)).data),
    relate: async (verb, id) => (await relations[verb].call(client, id)).data,
    upload: (picture, description) => upload(client, picture, description),
    walk: (timeline, pageSize) => walk(client, timeline, pageSize),
    bookmarks: async () => idsOf((await client.getBookmarks()).data),
    notifications: async () =>
      (await client.getNotifications()).data.map(({ account, status, type }) => ({ type, from: account?.id ?? "", status: status?.id })),
    search: async (text) => {
      const { data } = await client.search(text)
      return { accounts: idsOf(data.accounts), statuses: idsOf(data.statuses), tags: data.hashtags.map(({ name }) => name) }
    },
    mark: async (id) => {
      await client.saveMarkers({ home: { last_read_id: id } })
      const { data } = await client.getMarkers(["home"])
      return (data as { readonly home?: { readonly last_read_id: string } }).home?.last_read_id
    },
    lists: async () => (await client.getLists()).data,
    listen: (stream) => listen(client, stream)
  }
}

/** The library knows no grant but the code's. */
const granted = async ({ rest }: Server, app: App, grant: Record<string, string>): Promise<string> => {
  const body = new URLSearchParams({ client_id: app.clientId, client_secret: app.clientSecret, scope: scopes.join(" "), ...grant })
  const token = await (await fetch(`${rest}/oauth/token`, { method: "POST", body })).json() as { readonly access_token: string }
  return token.access_token
}

export const driver: Driver = {
  register: async (server, redirectUri) => {
    const { client_id: clientId, client_secret: clientSecret } = await clientOf(server).registerApp("megalodon", { scopes: [...scopes], redirect_uris: redirectUri })
    return { clientId, clientSecret }
  },
  signUp: async (server, app, { email, password, username }) => {
    const program = clientOf(server, await granted(server, app, { grant_type: "client_credentials" }))
    return (await program.registerAccount(username, email, password, true, "en")).data.access_token
  },
  byCode: async (server, { clientId, clientSecret }, code, redirectUri) =>
    (await clientOf(server).fetchAccessToken(clientId, clientSecret, code, redirectUri)).access_token,
  byPassword: (server, app, { email: username, password }) => granted(server, app, { grant_type: "password", username, password }),
  person: personOf
}
