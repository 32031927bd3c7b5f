/** Channels of Redis at their cheapest: what is published comes as a string; replies to the subscribing itself are passed over. */
import { connect } from "node:net"
import { command } from "./RespClient.ts"

export interface RedisSubscriber {
  readonly subscribe: (channel: string) => void
}

interface Part {
  readonly value: string | number
  readonly next: number
}

const bulk = 0x24

/** A number or a string at `at`; undefined while it is not all there. */
const partAt = (data: Buffer, at: number): Part | undefined => {
  const end = data.indexOf("\r\n", at)
  if (end === -1) return undefined
  const number = Number(data.toString("latin1", at + 1, end))
  if (data[at] !== bulk) return { value: number, next: end + 2 }
  const next = end + 2 + number + 2
  return data.length < next ? undefined : { value: data.toString("utf8", end + 2, next - 2), next }
}

/** The three parts that every push of a subscribed connection has. */
const pushAt = (data: Buffer, at: number) => {
  const head = partAt(data, at)
  const kind = head && partAt(data, head.next)
  const channel = kind && partAt(data, kind.next)
  const last = channel && partAt(data, channel.next)
  return last === undefined ? undefined : { kind: kind!.value, channel: String(channel!.value), text: String(last.value), next: last.next }
}

export const open = (port: number, onMessage: (channel: string, text: string) => void): RedisSubscriber => {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true })
  let rest: Buffer = Buffer.alloc(0)
  socket.on("data", (chunk) => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (let push = pushAt(data, at); push !== undefined; push = pushAt(data, at)) {
      if (push.kind === "message") onMessage(push.channel, push.text)
      at = push.next
    }
    rest = data.subarray(at)
  })
  return { subscribe: (channel) => void socket.write(command("SUBSCRIBE", channel)) }
}
