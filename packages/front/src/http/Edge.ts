/**
 * Answers that caches before the front may keep: what anybody may see, asked for by nobody in particular. Whoever
 * signs in gets an answer of their own, which nobody keeps.
 */
import { createHash } from "node:crypto"
import type { FrontLimits } from "../Settings.ts"
import type { Answer } from "./Answer.ts"
import type { Request } from "./Route.ts"

/** The bounds of the product; whatever is set stays between them. */
const secondsMin = 60
const secondsMax = 180

const tagOf = (body: Answer["body"]): string => `"${createHash("sha1").update(body).digest("base64url")}"`

/** Whether the client has the answer already; weak tags count as strong ones here. */
const has = (request: Request, tag: string): boolean => {
  const known = request.headers["if-none-match"]
  return known !== undefined && known.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === tag)
}

export const shared = (request: Request, limits: Pick<FrontLimits, "edgeSeconds" | "edgeStaleSeconds">, answer: Answer): Answer => {
  const vary = ["vary", "Authorization"]
  if (request.identity !== undefined || answer.status !== 200) return { ...answer, headers: [...(answer.headers ?? []), ...vary] }
  const tag = tagOf(answer.body)
  const seconds = Math.min(secondsMax, Math.max(secondsMin, limits.edgeSeconds))
  return {
    ...answer,
    ...(has(request, tag) ? { status: 304, body: "" } : {}),
    cache: `public, max-age=${seconds}, stale-while-revalidate=${limits.edgeStaleSeconds}`,
    headers: [...(answer.headers ?? []), "etag", tag, ...vary]
  }
}
