/** A post put into the timelines of its followers as feeds on Redis do it: one sorted set or list per reader, cut at 800. */
import { windowEntriesMax } from "@rookery/domain/Limits"
import * as Resp from "./RespClient.ts"

/** One way to deliver a post. Ids are 19 digits, as Rookery's are. */
export interface Way {
  readonly name: string
  /** Fills every timeline to its cap. */
  readonly fill: (key: string, ids: ReadonlyArray<string>) => Buffer
  /** The bytes that deliver `id` to `readers`, and how many replies they bring. */
  readonly deliver: (id: string, readers: ReadonlyArray<string>) => { readonly bytes: Buffer; readonly replies: number }
}

const lowestRank = String(-(windowEntriesMax + 1))

const fillSortedSet = (key: string, ids: ReadonlyArray<string>): Buffer =>
  Resp.command("ZADD", key, ...ids.flatMap((id) => [id, id]))

/** Two commands a delivery, all in one write. */
export const zaddPipelined: Way = {
  name: "ZADD + trim, pipelined",
  fill: fillSortedSet,
  deliver: (id, readers) => {
    const tail = `\r\n$${id.length}\r\n${id}\r\n$${id.length}\r\n${id}\r\n`
    const cut = `\r\n$1\r\n0\r\n$${lowestRank.length}\r\n${lowestRank}\r\n`
    let text = ""
    for (const key of readers) {
      const name = `$${key.length}\r\n${key}`
      text += `*4\r\n$4\r\nZADD\r\n${name}${tail}*4\r\n$15\r\nZREMRANGEBYRANK\r\n${name}${cut}`
    }
    return { bytes: Buffer.from(text, "latin1"), replies: readers.length * 2 }
  }
}

const scripted = (name: string, fill: Way["fill"], body: string): Way => {
  const script = `local id = ARGV[1] for i = 1, #KEYS do local key = KEYS[i] ${body} end return #KEYS`
  return {
    name,
    fill,
    deliver: (id, readers) => {
      // EVAL and EVALSHA cost the server the same but for hashing these 150 bytes.
      let text = `*${readers.length + 4}\r\n$4\r\nEVAL\r\n$${script.length}\r\n${script}\r\n` +
        `$${String(readers.length).length}\r\n${readers.length}\r\n`
      for (const key of readers) text += `$${key.length}\r\n${key}\r\n`
      return { bytes: Buffer.from(`${text}$${id.length}\r\n${id}\r\n`, "latin1"), replies: 1 }
    }
  }
}

export const zaddScript = scripted(
  "ZADD + trim, Lua script",
  fillSortedSet,
  `redis.call('ZADD', key, id, id) redis.call('ZREMRANGEBYRANK', key, 0, ${lowestRank})`
)

export const listScript = scripted(
  "LPUSH + LTRIM, Lua script",
  (key, ids) => Resp.command("RPUSH", key, ...ids),
  `redis.call('LPUSH', key, id) redis.call('LTRIM', key, 0, ${windowEntriesMax - 1})`
)
