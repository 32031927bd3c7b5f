/** Pictures for tests, and their way to a front. */
import { Effect } from "effect"
import sharp, { type Sharp } from "sharp"
import type { Client, Someone } from "./frontWorld.ts"

/** Stripes in all colours, so that encoders have something to do. */
export const drawn = (width: number, height: number, channels: 3 | 4 = 3): Sharp => {
  const pixels = Buffer.alloc(width * height * channels)
  for (let i = 0; i < pixels.length; i++) pixels[i] = (Math.floor(i / channels / 4) * 53 + (i % channels) * 90) % 256
  return sharp(pixels, { raw: { width, height, channels } })
}

/** Black on the left, white on the right. */
export const halved = (width: number, height: number): Sharp => {
  const row = Buffer.alloc(width * 3, 255).fill(0, 0, Math.floor(width / 2) * 3)
  return sharp(Buffer.concat(Array.from({ length: height }, () => row)), { raw: { width, height, channels: 3 } })
}

/** How bright a picture is at a place, from 0 to 255. */
export const brightnessAt = (bytes: Uint8Array, left: number, top: number) =>
  Effect.promise(async () => {
    const [channel] = (await sharp(await sharp(bytes).extract({ left, top, width: 1, height: 1 }).toBuffer()).stats()).channels
    return channel!.mean
  })

export const bytesOf = (picture: Sharp) => Effect.promise(() => picture.toBuffer())

export const metadataOf = (bytes: Uint8Array) => Effect.promise(() => sharp(bytes).metadata())

export interface FilePart {
  readonly name: string
  readonly bytes: Uint8Array
  readonly filename?: string
  readonly type?: string
}

/** Sends files and fields as a browser's form does. */
export const send = (client: Client, method: string, path: string, token: string | undefined, files: ReadonlyArray<FilePart>, fields: Record<string, string> = {}) =>
  Effect.promise(async () => {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    for (const { bytes, filename, name, type } of files) {
      form.append(name, new Blob([new Uint8Array(bytes)], { type: type ?? "application/octet-stream" }), filename ?? "file")
    }
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(client.base + path, { method, headers, body: form })
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
  })

export const upload = (client: Client, by: Someone, bytes: Uint8Array, fields: Record<string, string> = {}, part: Partial<FilePart> = {}) =>
  send(client, "POST", "/api/v2/media", by.token, [{ name: "file", bytes, ...part }], fields)

/** A small picture of theirs, ready to be posted. */
export const added = (client: Client, by: Someone, fields: Record<string, string> = {}) =>
  Effect.gen(function*() {
    const reply = yield* upload(client, by, yield* bytesOf(drawn(60, 40).png()), fields)
    if (reply.status !== 200) throw new Error(`upload: ${reply.status} ${JSON.stringify(reply.body)}`)
    return reply.body
  })

/** Gets an address of the front's, which lies under its public one. */
export const fetched = (client: Client, url: string, headers: Record<string, string> = {}, method = "GET") =>
  Effect.promise(async () => {
    const response = await fetch(url.replace("https://rookery.example", client.base), { method, headers })
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
  })
