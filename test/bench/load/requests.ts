/** The requests of the field's workload, and a look at their answers. */
import type { Seeded } from "@rookery/testkit/Seeded"
import * as Http from "./HttpConnection.ts"
import type { Kind, LoadPlan } from "./Plan.ts"

const pageLength = 20
const textBytes = 140

/** Draws one request after the other: who asks, and for what. Everybody is as likely. */
export const makeRequests = (plan: LoadPlan, random: Seeded): () => { readonly kind: Kind; readonly bytes: Buffer } => {
  const host = `127.0.0.1:${plan.port}`
  let posts = 0
  return () => {
    const kind = random.weighted(plan.mix)
    const { token } = random.pick(plan.people)
    switch (kind) {
      case "home":
        return { kind, bytes: Http.request("GET", `/api/v1/timelines/home?limit=${pageLength}`, host, token) }
      case "user": {
        const { accountId } = random.pick(plan.people)
        return { kind, bytes: Http.request("GET", `/api/v1/accounts/${accountId}/statuses?limit=${pageLength}`, host, token) }
      }
      case "post": {
        const status = `${plan.seed} ${posts++} `.padEnd(textBytes, "the quick brown fox jumps over the lazy dog ")
        return { kind, bytes: Http.request("POST", "/api/v1/statuses", host, token, JSON.stringify({ status })) }
      }
    }
  }
}

/** What is wrong with an answer; undefined when it is a page, or a status, as the contract has it. */
export const faultOf = (kind: Kind, body: Buffer): string | undefined => {
  const text = body.toString()
  try {
    const value: unknown = JSON.parse(text)
    if (kind === "post") return isStatus(value) ? undefined : `post: not a status: ${text.slice(0, 200)}`
    if (!Array.isArray(value) || !value.every(isStatus)) return `${kind}: not a page: ${text.slice(0, 200)}`
    if (value.length !== pageLength) return `${kind}: ${value.length} statuses instead of ${pageLength}`
    const ids = value.map((status) => BigInt(status.id))
    return ids.every((id, i) => i === 0 || id < ids[i - 1]!) ? undefined : `${kind}: not newest first`
  } catch (error) {
    return `${kind}: ${String(error)}`
  }
}

const isStatus = (value: unknown): value is { readonly id: string } =>
  typeof value === "object" && value !== null && "id" in value && typeof value.id === "string" && "account" in value
