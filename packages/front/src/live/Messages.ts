/** What clients say on an open stream: which streams they want. */
import { Exit, Schema } from "effect"
import { type Client, send } from "./Client.ts"
import * as Frames from "./Frames.ts"

const decode = Schema.decodeUnknownExit(Schema.fromJsonString(Schema.Struct({
  type: Schema.Literals(["subscribe", "unsubscribe"]),
  stream: Schema.String
})))

/** `user:notification` is known and silent: there are no notifications yet. */
export const isStream = (name: string): boolean => name === "user" || silent.has(name)

const silent = new Set(["user:notification"])

/** Starts or stops a stream; false when there is none of that name. */
export const choose = (client: Client, stream: string, wanted: boolean): boolean => {
  if (silent.has(stream)) return true
  if (stream !== "user") return false
  client.user = wanted
  return true
}

/** Takes a message; what is no message of ours is answered with an error frame. */
export const receive = (client: Client, data: string, bufferMax: number): void => {
  const message = decode(data)
  if (!Exit.isSuccess(message)) return send(client, Frames.error("Not a message that is understood here"), bufferMax)
  const { stream, type } = message.value
  if (!choose(client, stream, type === "subscribe")) send(client, Frames.error("Unknown stream type"), bufferMax)
}
