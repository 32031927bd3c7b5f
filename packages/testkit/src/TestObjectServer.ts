/**
 * A small object store that speaks S3 as far as Rookery does, and believes nobody: every request's signature (AWS
 * Signature Version 4) and the hash of its body are computed anew by the published rules, without the client's library.
 */
import { Effect, type Scope } from "effect"
import { createHash, createHmac } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

export interface Options {
  readonly bucket: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

interface StoredObject {
  readonly bytes: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export interface TestObjectServer {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string
  readonly objects: ReadonlyMap<string, StoredObject>
  /** The next requests are answered with 503 before they do anything. */
  readonly failNext: (count: number) => void
}

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex")
const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest()

const credential = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/

/** What the signature of a request must be. */
const signatureOf = (request: IncomingMessage, body: Buffer, day: string, signed: string, options: Options): string => {
  const url = new URL(request.url!, "http://host")
  const query = [...url.searchParams].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).sort().join("&")
  const headers = signed.split(";").map((name) => `${name}:${String(request.headers[name] ?? "").trim().replaceAll(/ +/g, " ")}\n`).join("")
  const canonical = [request.method, url.pathname, query, headers, signed, sha256(body)].join("\n")
  const scope = `${day}/${options.region}/s3/aws4_request`
  const toSign = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, sha256(canonical)].join("\n")
  const key = [options.region, "s3", "aws4_request"].reduce<Buffer>(hmac, hmac(`AWS4${options.secretAccessKey}`, day))
  return hmac(key, toSign).toString("hex")
}

/** The code of what is wrong with a request; undefined when nothing is. */
const refusalOf = (request: IncomingMessage, body: Buffer, options: Options): string | undefined => {
  const [, id, day, region, signed, signature] = credential.exec(request.headers.authorization ?? "") ?? []
  if (id !== options.accessKeyId || region !== options.region) return "InvalidAccessKeyId"
  if (!["host", "x-amz-content-sha256", "x-amz-date"].every((name) => signed!.split(";").includes(name))) return "AccessDenied"
  if (request.headers["x-amz-content-sha256"] !== sha256(body)) return "XAmzContentSHA256Mismatch"
  return signatureOf(request, body, day!, signed!, options) === signature ? undefined : "SignatureDoesNotMatch"
}

/** In the host's name or in the path, as the client likes. */
const keyOf = (request: IncomingMessage, bucket: string): string | undefined => {
  const path = new URL(request.url!, "http://host").pathname
  if (request.headers.host?.startsWith(`${bucket}.`) === true) return path.slice(1)
  return path.startsWith(`/${bucket}/`) ? path.slice(bucket.length + 2) : undefined
}

const refuse = (response: ServerResponse, status: number, code: string): void => {
  response.writeHead(status, { "content-type": "application/xml" }).end(`<Error><Code>${code}</Code></Error>`)
}

const send = (request: IncomingMessage, response: ServerResponse, { bytes, headers }: StoredObject): void => {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "")
  if (range === null) return void response.writeHead(200, { ...headers, "content-length": bytes.length }).end(bytes)
  const start = Number(range[1])
  const end = Math.min(bytes.length - 1, range[2] === "" ? Infinity : Number(range[2]))
  if (start >= bytes.length) return refuse(response, 416, "InvalidRange")
  const part = bytes.subarray(start, end + 1)
  const where = { "content-length": part.length, "content-range": `bytes ${start}-${end}/${bytes.length}` }
  response.writeHead(206, { ...headers, ...where }).end(part)
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const kept = ["content-type", "cache-control"] as const

const makeHandler = (options: Options, objects: Map<string, StoredObject>, failing: { count: number }) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    if (failing.count > 0) {
      failing.count--
      return refuse(response, 503, "SlowDown")
    }
    const refusal = refusalOf(request, body, options)
    if (refusal !== undefined) return refuse(response, 403, refusal)
    const key = keyOf(request, options.bucket)
    if (key === undefined) return refuse(response, 404, "NoSuchBucket")
    if (request.method === "PUT") {
      const headers = Object.fromEntries(kept.map((name) => [name, request.headers[name] ?? ""]))
      objects.set(key, { bytes: body, headers })
      return void response.writeHead(200).end()
    }
    if (request.method === "DELETE") {
      objects.delete(key)
      return void response.writeHead(204).end()
    }
    const found = objects.get(key)
    return found === undefined ? refuse(response, 404, "NoSuchKey") : send(request, response, found)
  }

const listen = (server: Server) => Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void)))

const close = (server: Server) =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** Serves until the scope closes. */
export const make = (options: Options): Effect.Effect<TestObjectServer, never, Scope.Scope> =>
  Effect.gen(function*() {
    const objects = new Map<string, StoredObject>()
    const failing = { count: 0 }
    const handle = makeHandler(options, objects, failing)
    const server = createServer((request, response) => void handle(request, response))
    yield* Effect.acquireRelease(listen(server), () => close(server))
    const { port } = server.address() as AddressInfo
    return { endpoint: `http://127.0.0.1:${port}`, objects, failNext: (count) => void (failing.count = count) }
  })
