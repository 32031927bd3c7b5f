/**
 * What streaming is without Rookery, as Mastodon's streaming server does it: `ws` on Node's HTTP server, one channel of
 * Redis for each stream, what is published there is parsed and passed on. No tokens, no rules, no marks: a floor.
 * A process of its own.
 */
import { Effect } from "effect"
import { fork } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { type WebSocket, WebSocketServer } from "ws"
import * as RedisSubscriber from "./RedisSubscriber.ts"

/** The name under which `main.ts` becomes the server. */
export const bareChild = "child:bare"

interface Message {
  readonly stream: string
  readonly event: string
  readonly payload: unknown
}

/** As the contract has it: the payload is a string. Encoded once, however many listen. */
const encode = ({ event, payload, stream }: Message): Buffer =>
  Buffer.from(JSON.stringify({ stream: [stream], event, payload: JSON.stringify(payload) }))

const serve = (redisPort: number, onListening: (port: number) => void): void => {
  const listeners = new Map<string, Set<WebSocket>>()
  const redis = RedisSubscriber.open(redisPort, (channel, text) => {
    const frame = encode(JSON.parse(text) as Message)
    for (const socket of listeners.get(channel) ?? []) socket.send(frame, { binary: false })
  })
  const listen = (channel: string, socket: WebSocket): void => {
    const known = listeners.get(channel)
    if (known !== undefined) return void known.add(socket)
    listeners.set(channel, new Set([socket]))
    redis.subscribe(channel)
  }
  const webSockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false })
  const server = createServer({ noDelay: true })
  server.on("upgrade", (request, socket, head) =>
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on("message", () => {})
      listen((request.url ?? "/").slice(1), webSocket)
    }))
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1_024 }, () => onListening((server.address() as AddressInfo).port))
}

/** Runs until the parent goes. */
export const runBareChild = (): Promise<number> =>
  new Promise((resolve) => {
    process.once("disconnect", () => {
      resolve(0)
      process.exit(0)
    })
    process.once("message", (redisPort) => serve(Number(redisPort), (port) => process.send!(port)))
  })

export interface BareServer {
  readonly port: number
  readonly pid: number
}

const main = fileURLToPath(new URL("../main.ts", import.meta.url))

/** Starts the server; it ends with the scope. */
export const start = (redisPort: number, env: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => fork(main, [bareChild], { env: { ...process.env, ...env }, stdio: ["ignore", "inherit", "inherit", "ipc"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  ).pipe(Effect.flatMap((child) =>
    Effect.callback<BareServer, Error>((resume) => {
      child.once("exit", (code) => resume(Effect.fail(new Error(`the bare server ended with code ${code}`))))
      child.once("message", (port) => resume(Effect.succeed({ port: Number(port), pid: child.pid! })))
      child.send(redisPort)
    })))
