/** Upgrades to WebSockets, and what is said on them. */
import { hostile } from "@rookery/testkit/SchemaValues"
import type { Seeded } from "@rookery/testkit/Seeded"
import type { Draft } from "./Draft.ts"

const opcodes = { text: 1, binary: 2, ping: 9 } as const

/** A client's frame: masked with zeros, so that it stands as it is. */
const frame = (opcode: number, payload: Buffer): Buffer => {
  const length = payload.length < 126
    ? Buffer.from([0x80 | payload.length])
    : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, Buffer.alloc(4), payload])
}

const messageOf = (random: Seeded): string =>
  random.chance(0.3) ? String(hostile(random)) : JSON.stringify({
    type: random.chance(0.8) ? random.pick(["subscribe", "unsubscribe"]) : hostile(random),
    stream: random.chance(0.7) ? random.pick(["user", "public", "hashtag", "direct", "list", "__proto__"]) : hostile(random),
    ...(random.chance(0.5) ? { tag: hostile(random) } : {})
  })

/** Some messages, some bytes that are no frame, and a ping, which must be answered if the connection still stands. */
export const frames = (random: Seeded): Buffer => {
  const said = Array.from({ length: random.int(4) }, () =>
    random.chance(0.1)
      ? Buffer.from([random.int(256), random.int(256), random.int(256)])
      : frame(random.pick([opcodes.text, opcodes.binary]), Buffer.from(messageOf(random)).subarray(0, 60_000)))
  return Buffer.concat([...said, frame(opcodes.ping, Buffer.from("there?"))])
}

const protocols = ["", ",", "a, b", "x".repeat(3_000), "wss, v1", "\xff"]

/** Makes a request for a stream one for a WebSocket, more or less. */
export const upgrade = (random: Seeded, draft: Draft): void => {
  const token = draft.headers["authorization"]?.replace(/^Bearer /, "")
  Object.assign(draft.headers, {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": random.chance(0.9) ? "13" : "8",
    "sec-websocket-key": random.chance(0.9) ? "dGhlIHNhbXBsZSBub25jZQ==" : "short",
    ...(token !== undefined && random.chance(0.3) ? { "sec-websocket-protocol": token } : {}),
    ...(random.chance(0.1) ? { "sec-websocket-protocol": random.pick(protocols) } : {}),
    ...(random.chance(0.2) ? { "sec-websocket-extensions": "permessage-deflate; client_max_window_bits" } : {})
  })
  draft.spoiled.push("upgrade")
}
