/** Headers of requests that are passed on, and of their answers: what belongs to one connection stays behind. */
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http"

/** Names who passed a request on: whoever gets it answers it, or refuses, but does not pass it again. */
export const passedBy = "x-rookery-passed-by"

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade"
])

/** Those, and what `Connection` names. */
const stays = (connection: string | undefined): (name: string) => boolean => {
  if (connection === undefined) return (name) => hopByHop.has(name)
  const named = new Set(connection.toLowerCase().split(",").map((name) => name.trim()))
  return (name) => hopByHop.has(name) || named.has(name)
}

const skipped = new Set(["host", "expect", "x-forwarded-for", passedBy])

/** `address` is the client's: the other front believes it where it trusts us as a proxy. */
export const ofRequest = (headers: IncomingHttpHeaders, address: string, by: string): OutgoingHttpHeaders => {
  const isOfConnection = stays(headers.connection)
  const passed: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!isOfConnection(name) && !skipped.has(name)) passed[name] = value
  }
  // Without a length the body needs a frame of its own, whatever the method.
  if (headers["transfer-encoding"] !== undefined && headers["content-length"] === undefined) passed["transfer-encoding"] = "chunked"
  return { ...passed, "x-forwarded-for": address, [passedBy]: by }
}

/** Name, value, name, value; as they came, cookies one by one. */
export const ofAnswer = ({ headers, rawHeaders }: IncomingMessage): Array<string> => {
  const isOfConnection = stays(headers.connection)
  const passed: Array<string> = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (!isOfConnection(name)) passed.push(name, rawHeaders[i + 1]!)
  }
  return passed
}
