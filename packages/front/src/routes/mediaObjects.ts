/**
 * The bytes of pictures, for browsers and for a CDN before the front. Whoever knows an address may have them, since it cannot be
 * guessed: but not what a suspended person or a deleted post showed.
 */
import * as Media from "@rookery/domain/Media"
import type { ByteRange, MediaObject } from "@rookery/store/MediaStore"
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import type { Answer } from "../http/Answer.ts"
import { notFound, unavailable } from "../http/Errors.ts"
import { path } from "../render/Media.ts"
import { open, type Request, type Route, route } from "../http/Route.ts"

/** One range from a place on; others are answered with the whole, as HTTP allows. */
const rangeOf = (request: Request): ByteRange | undefined => {
  const [, start, end] = /^bytes=(\d{1,12})-(\d{0,12})$/.exec(request.headers.range ?? "") ?? []
  if (start === undefined || (end !== "" && Number(end) < Number(start))) return undefined
  return { start: Number(start), ...(end === "" ? {} : { end: Number(end) }) }
}

/** An object never changes: its name says which it is. */
const tagOf = (name: string): string => `"${name}"`

const hasIt = (request: Request, tag: string): boolean =>
  (request.headers["if-none-match"] ?? "").split(",").some((one) => one.trim().replace(/^W\//, "") === tag)

/** Nothing in it is ever run, wherever it is opened. */
const headersOf = (name: string): ReadonlyArray<string> => [
  "etag",
  tagOf(name),
  "accept-ranges",
  "bytes",
  "content-security-policy",
  "default-src 'none'; sandbox",
  "content-disposition",
  "inline",
  "cross-origin-resource-policy",
  "cross-origin"
]

const answerOf = (name: string, { bytes, end, start, total }: MediaObject): Answer => {
  const size = end - start + 1
  const isWhole = size === total
  const range = isWhole ? [] : ["content-range", `bytes ${start}-${end}/${total}`]
  return {
    status: isWhole ? 200 : 206,
    body: "",
    stream: { size, bytes },
    type: Media.typeOf(name),
    cache: Media.cacheControl,
    headers: [...headersOf(name), ...range]
  }
}

export const routes = (deps: Deps): ReadonlyArray<Route> => {
  const most = deps.settings.limits.pictureStreamsMax
  let streams = 0
  const count = (found: MediaObject): void => {
    streams++
    found.bytes.once("close", () => void streams--)
  }
  return [
    route("GET", path, open, (request) =>
      Effect.gen(function*() {
        const [folder, name] = request.params
        const key = `${folder}/${name}`
        if (!Media.isKey(key)) return yield* Effect.fail(notFound())
        if (!(yield* deps.exhibits.isShown(Media.idOf(key)))) return yield* Effect.fail(notFound())
        if (hasIt(request, tagOf(name!))) return { status: 304, body: "", cache: Media.cacheControl, headers: headersOf(name!) }
        if (streams >= most) return yield* Effect.fail(unavailable())
        const found = yield* deps.objects.get(key, rangeOf(request))
        if (found === undefined) return yield* Effect.fail(notFound())
        count(found)
        return answerOf(name!, found)
      }))
  ]
}
