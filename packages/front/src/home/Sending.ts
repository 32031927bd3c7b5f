/** One request to a front of another datacenter, up to the head of its answer, within bounds. */
import { Data, Effect } from "effect"
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from "node:http"
import { Agent as HttpsAgent, request as httpsRequest } from "node:https"
import { type ApiError, unavailable } from "../http/Errors.ts"
import type { Upstream, Upstreams } from "./Upstreams.ts"

export interface Sent {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: OutgoingHttpHeaders
  /** Writes the body, if any, and ends the request; called once, when there is a connection. */
  readonly write: (to: ClientRequest) => void
  /** Whether it may be sent again after a kept connection turned out to be closed: nothing was written but the head. */
  readonly isRepeatable: boolean
  /** From the last byte of the request to the head of the answer, in milliseconds. */
  readonly headMillis: number
  /** Its answer lasts: it gets a connection of its own. */
  readonly isStream: boolean
}

export interface Sender {
  readonly send: (to: Upstreams, sent: Sent) => Effect.Effect<IncomingMessage, ApiError>
  readonly close: () => void
}

export interface SenderLimits {
  readonly connectMillis: number
  /** From the connection to the last byte of the request. */
  readonly bodyMillis: number
  /** Connections to one front, streams aside; no more requests than that may be under way, or they wait for one. */
  readonly connectionsMax: number
}

class Failed extends Data.TaggedError("Failed")<{ readonly kind: "connect" | "broken" | "stale" | "slow" }> {}

/** Below the time that a server keeps an idle connection, so that it is not us who find it closed. */
const idleMillis = 10_000
const idleMax = 64

export const unreachable = (retryAfter: number): ApiError =>
  unavailable("The datacenter that is home to this account cannot be reached, try again later", retryAfter)

/** Anything that is not an answer by now is a failure. */
const startOne = (limits: SenderLimits, agents: { readonly http: HttpAgent; readonly https: HttpsAgent }, upstream: Upstream, sent: Sent) =>
  Effect.callback<IncomingMessage, Failed>((resume) => {
    const url = new URL(sent.target, upstream.url)
    const { headers, isStream, method } = sent
    const request = url.protocol === "https:"
      ? httpsRequest(url, { method, headers, agent: isStream ? false : agents.https })
      : httpRequest(url, { method, headers, agent: isStream ? false : agents.http })
    let isConnected = false
    let isDecided = false
    const fail = (kind: Failed["kind"]) => {
      isDecided = true
      clearTimeout(timer)
      resume(Effect.fail(new Failed({ kind })))
      request.destroy()
    }
    let timer = setTimeout(fail, limits.connectMillis, "connect")
    const begin = () => {
      isConnected = true
      clearTimeout(timer)
      timer = setTimeout(fail, limits.bodyMillis, "slow")
      request.once("finish", () => {
        clearTimeout(timer)
        if (!isDecided) timer = setTimeout(fail, sent.headMillis, "slow")
      })
      sent.write(request)
    }
    request.on("socket", (socket) => {
      if (!socket.connecting) begin()
      else socket.once(url.protocol === "https:" ? "secureConnect" : "connect", begin)
    })
    request.on("error", () => fail(!isConnected ? "connect" : request.reusedSocket && sent.isRepeatable ? "stale" : "broken"))
    request.on("response", (response) => {
      isDecided = true
      clearTimeout(timer)
      resume(Effect.succeed(response))
    })
    return Effect.sync(() => {
      isDecided = true
      clearTimeout(timer)
      request.destroy()
    })
  })

const triesMax = 4

/** What never reached a front goes to the next; what may have been heard is not said twice. */
const sendTo = (start: (upstream: Upstream, sent: Sent) => Effect.Effect<IncomingMessage, Failed>) => (to: Upstreams, sent: Sent) => {
  const tried = new Set<Upstream>()
  const attempt = (left: number): Effect.Effect<IncomingMessage, ApiError> =>
    Effect.suspend(() => {
      const upstream = left === 0 ? undefined : to.pick(tried)
      if (upstream === undefined) return Effect.fail(unreachable(to.retryAfter()))
      return start(upstream, sent).pipe(
        Effect.tap(() => Effect.sync(() => to.answered(upstream))),
        Effect.catch(({ kind }) => {
          if (kind === "stale") return attempt(left - 1)
          tried.add(upstream)
          if (kind === "slow") to.timedOut(upstream)
          else to.failed(upstream)
          return kind === "connect" ? attempt(left - 1) : Effect.fail(unreachable(to.retryAfter()))
        })
      )
    })
  return attempt(triesMax)
}

export const make = (limits: SenderLimits): Sender => {
  const options = { keepAlive: true, maxSockets: limits.connectionsMax, maxFreeSockets: idleMax, timeout: idleMillis }
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) }
  return {
    send: sendTo((upstream, sent) => startOne(limits, agents, upstream, sent)),
    close: () => {
      agents.http.destroy()
      agents.https.destroy()
    }
  }
}
