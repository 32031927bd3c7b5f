/** A post put into the timelines of its followers as feeds on Redis do it: one sorted set or list per reader, cut at a cap. */
/** One way to deliver a post. Ids are 19 digits, as Rookery's are. */
export interface Way {
  readonly name: string
  /** The cap of a timeline. */
  readonly entries: number
  /** The command that makes a timeline of these ids, which come oldest first; what is the same for all is made once. */
  readonly fill: (ids: ReadonlyArray<string>) => (key: string) => string
  /** The bytes that deliver `id` to `readers`, and how many replies they bring. */
  readonly deliver: (id: string, readers: ReadonlyArray<string>) => { readonly bytes: Buffer; readonly replies: number }
}

/** The highest rank, counted from the newest, that is beyond the cap. */
const lowestRank = (entries: number): string => String(-(entries + 1))

const keyed = (name: string, args: ReadonlyArray<string>) => {
  const head = `*${args.length + 2}\r\n$${name.length}\r\n${name}\r\n`
  const tail = args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")
  return (key: string): string => `${head}$${key.length}\r\n${key}\r\n${tail}`
}

const fillSortedSet: Way["fill"] = (ids) => keyed("ZADD", ids.flatMap((id) => [id, id]))

/** Two commands a delivery, all in one write. */
export const zaddPipelined = (entries: number): Way => ({
  name: "ZADD + trim, pipelined",
  entries,
  fill: fillSortedSet,
  deliver: (id, readers) => {
    const tail = `\r\n$${id.length}\r\n${id}\r\n$${id.length}\r\n${id}\r\n`
    const rank = lowestRank(entries)
    const cut = `\r\n$1\r\n0\r\n$${rank.length}\r\n${rank}\r\n`
    let text = ""
    for (const key of readers) {
      const name = `$${key.length}\r\n${key}`
      text += `*4\r\n$4\r\nZADD\r\n${name}${tail}*4\r\n$15\r\nZREMRANGEBYRANK\r\n${name}${cut}`
    }
    return { bytes: Buffer.from(text, "latin1"), replies: readers.length * 2 }
  }
})

const scripted = (name: string, entries: number, fill: Way["fill"], body: string): Way => {
  const script = `local id = ARGV[1] for i = 1, #KEYS do local key = KEYS[i] ${body} end return #KEYS`
  return {
    name,
    entries,
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

/** One call for all readers. */
export const zaddScript = (entries: number): Way => scripted(
  "ZADD + trim, Lua script",
  entries,
  fillSortedSet,
  `redis.call('ZADD', key, id, id) redis.call('ZREMRANGEBYRANK', key, 0, ${lowestRank(entries)})`
)

/** The same with lists, which know nothing of order and of doubles. */
export const listScript = (entries: number): Way => scripted(
  "LPUSH + LTRIM, Lua script",
  entries,
  (ids) => keyed("LPUSH", ids),
  `redis.call('LPUSH', key, id) redis.call('LTRIM', key, 0, ${entries - 1})`
)
