/** What clients say on an open stream: which streams they want. */
import { Exit, Schema } from "effect"
import { answer, type Client } from "./Client.ts"
import * as Frames from "./Frames.ts"
import * as StreamNames from "./StreamNames.ts"
import * as Subscriptions from "./Subscriptions.ts"

const decode = Schema.decodeUnknownExit(Schema.fromJsonString(Schema.Struct({
  type: Schema.Literals(["subscribe", "unsubscribe"]),
  stream: Schema.String,
  tag: Schema.optionalKey(Schema.NullOr(Schema.String))
})))

const covers = (client: Client, key: string): boolean =>
  StreamNames.scopeOf(key) === "read:notifications" ? client.mayNotices : client.mayStatuses

/** Starts a stream; answers what is wrong, if anything is. */
export const start = (table: Subscriptions.Subscriptions, client: Client, key: string): string | undefined => {
  if (!covers(client, key)) return "This action is outside the authorized scopes"
  return Subscriptions.add(table, client, key) ? undefined : "Too many streams on one connection"
}

/** Takes a message; what is no message of ours is answered with an error frame. */
export const receive = (table: Subscriptions.Subscriptions, client: Client, data: string, bufferMax: number): void => {
  const message = decode(data)
  if (!Exit.isSuccess(message)) return answer(client, Frames.error("Not a message that is understood here"), bufferMax)
  const { stream, tag, type } = message.value
  const key = StreamNames.parse(stream, tag ?? undefined)
  if (key === undefined) return answer(client, Frames.error("Unknown stream type"), bufferMax)
  if (type === "unsubscribe") return Subscriptions.remove(table, client, key)
  const wrong = start(table, client, key)
  if (wrong !== undefined) answer(client, Frames.error(wrong), bufferMax)
}
