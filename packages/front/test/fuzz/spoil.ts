/** Ways to spoil a request. */
import { hostile, hostileNames, hostileTexts } from "@rookery/testkit/SchemaValues"
import type { Seeded } from "@rookery/testkit/Seeded"
import type { Draft } from "./Draft.ts"

type Spoil = (random: Seeded, draft: Draft) => void

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value)

const json = "application/json"

const raw = (draft: Draft, type: string | undefined, bytes: Buffer | string): void => {
  draft.raw = { type, bytes: Buffer.from(bytes as string) }
}

/** A copy, since what is drawn may be shared. */
const bodyOf = (draft: Draft): Record<string, unknown> => isObject(draft.body) ? { ...draft.body } : {}

const segmentOf = (random: Seeded): string => encodeURIComponent(random.pick(hostileTexts).toWellFormed().slice(0, 3_000))

const oddTypes: ReadonlyArray<string | undefined> = [
  undefined, "", "text/plain", "text/xml", "application/octet-stream", "application/json; charset=utf-16", "APPLICATION/JSON", "application/x+json", ";", "/", "a/b/c",
  "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"", "multipart/mixed; boundary=x", "application/x-www-form-urlencoded; charset=koi8-r"
]

const brokenMultiparts: ReadonlyArray<string> = [
  "", "--x", "--x--", "--x\r\n\r\n", "--y\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n--y--\r\n", "--x\r\ncontent-disposition: form-data\r\n\r\n1\r\n--x--\r\n",
  "--x\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1", "--x\r\ncontent-disposition: form-data; name=\"__proto__\"\r\n\r\n1\r\n--x--\r\n",
  "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"../../../../etc/passwd\"\r\ncontent-type: image/png\r\n\r\n\x89PNG\r\n\r\n--x--\r\n",
  "--x\r\ncontent-disposition: form-data; name=\"avatar\"; filename=\"\0.svg\"\r\ncontent-type: image/svg+xml\r\n\r\n<svg onload=alert(1)>\r\n--x--\r\n",
  `--x\r\n${"a".repeat(20_000)}: b\r\n\r\n1\r\n--x--\r\n`
]

const oddJson: ReadonlyArray<string | Buffer> = [
  "", " ", "{", "{]", "[]", "[[]]", "null", "true", "0", "\"x\"", "{\"a\":1}{\"b\":2}", "{'a':1}", "{\"status\":\"a\",\"status\":\"b\",\"status\":{}}", "{\"id\":1,\"id\":[2],\"id\":null}",
  "\ufeff{\"status\":\"with a mark\"}", "{\"status\":\"\\ud800\"}", "{\"status\":\"\\u0000\"}", "{\"__proto__\":{\"polluted\":1}}", "{\"constructor\":{\"prototype\":{\"polluted\":1}}}",
  "{\"limit\":1e999}", "{\"id\":123456789012345678901234567890}", "[".repeat(100_000), `${"{\"a\":".repeat(20_000)}1${"}".repeat(20_000)}`, `{"status":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
  Buffer.from([0xff, 0xfe, 0x7b, 0x7d]), Buffer.from("{\"status\":\"\xc3\x28\xa0\xa1\"}", "latin1")
]

const oddQueries: ReadonlyArray<string> = [
  "%", "%zz=%", "a=%ff%fe", "id[]=%00&id[]=%c3%28", "&&&&", "=", "==&=&", "id[]=1&id[]=1&id=2&id[a]=3", "limit=1&limit=2&limit=x", "max_id=1&max_id[]=2&max_id[a]=3", "?", "a=1?b=2",
  "access_token=", "access_token[]=x", "\xff\xfe=\x80", `${"a[]=1&".repeat(1_900)}z=1`, `q=${"a".repeat(9_000)}`
]

const oddHeaders: ReadonlyArray<readonly [name: string, value: string]> = [
  ["authorization", ""], ["authorization", "Bearer"], ["authorization", "Bearer "], ["authorization", "Basic YTpi"], ["authorization", "Bearer \xff\xfe"], ["authorization", `Bearer ${"x".repeat(6_000)}`],
  ["idempotency-key", "x".repeat(5_000)], ["idempotency-key", "\xe9"], ["if-none-match", "*"], ["if-none-match", "\"\", W/\"x\", ,"], ["range", "bytes=0-0"], ["accept", "text/html"],
  ["accept", "image/*;q=z"], ["last-event-id", "-1"], ["last-event-id", "9".repeat(40)], ["last-event-id", "1.2.3"], ["expect", "100-continue"], ["content-encoding", "gzip"],
  ["upgrade", "h2c"], ["x-forwarded-for", "::ffff:1.2.3.4, \xff, x"], ["cookie", "rookery=%00; a=b; =; ;"], ["origin", "null"], ["host", "evil.example"], ["content-type", "image/png"]
]

const oddMethods: ReadonlyArray<string> = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "LINK"]

export const ways: Readonly<Record<string, Spoil>> = {
  field: (random, draft) => {
    const body = bodyOf(draft)
    const names = [...Object.keys(body), ...draft.query.map(([name]) => name), "status", "id", "limit", "max_id"]
    const name = random.pick(names)
    const at = draft.query.find(([known]) => known === name)
    if (at === undefined && draft.method !== "GET") draft.body = { ...body, [name]: hostile(random) }
    else draft.query = [...draft.query.filter((one) => one !== at), [name, String(hostile(random))]]
  },
  allFields: (random, draft) => {
    draft.body = Object.fromEntries(Object.keys(bodyOf(draft)).map((name) => [name, hostile(random)]))
    draft.query = draft.query.map(([name]) => [name, String(hostile(random))])
  },
  missing: (random, draft) => {
    draft.body = Object.fromEntries(Object.entries(bodyOf(draft)).filter(() => random.chance(0.5)))
    draft.query = draft.query.filter(() => random.chance(0.5))
  },
  names: (random, draft) => {
    draft.body = Object.assign(bodyOf(draft), JSON.parse(`{${JSON.stringify(random.pick(hostileNames))}:{"polluted":1}}`))
    draft.query = [...draft.query, [random.pick(hostileNames), random.pick(hostileTexts)]]
  },
  path: (random, draft) => {
    const segments = draft.path.split("/")
    segments[1 + random.int(segments.length - 1)] = segmentOf(random)
    draft.path = segments.join("/")
  },
  lastSegment: (random, draft) => {
    draft.path = draft.path.replace(/[^/]*$/, () => segmentOf(random))
  },
  rawPath: (random, draft) => {
    const tail = ["%", "%zz", "%ff", "%00", "%2f..%2f", "/", "//", "/..", ";a=b", "\xff\xfe", "#x", "\\", "/%E0%A4%A", ".json"]
    draft.path += random.pick(tail)
  },
  wrongCase: (_, draft) => {
    draft.path = draft.path.toUpperCase()
  },
  rawQuery: (random, draft) => {
    draft.rawQuery = random.pick(oddQueries)
  },
  method: (random, draft) => {
    draft.method = random.pick(oddMethods)
  },
  header: (random, draft) => {
    const [name, value] = random.pick(oddHeaders)
    draft.headers[name] = value
  },
  json: (random, draft) => {
    raw(draft, json, random.pick(oddJson))
  },
  type: (random, draft) => {
    raw(draft, random.pick(oddTypes), JSON.stringify(draft.body ?? { status: "hello" }))
  },
  multipart: (random, draft) => {
    raw(draft, "multipart/form-data; boundary=x", Buffer.from(random.pick(brokenMultiparts), "latin1"))
  },
  noise: (random, draft) => {
    const bytes = Buffer.from(Array.from({ length: random.int(200) }, () => random.int(256)))
    raw(draft, random.pick([json, "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]), bytes)
  },
  huge: (random, draft) => {
    raw(draft, random.pick([json, "application/x-www-form-urlencoded"]), `{"status":"${"x".repeat(300_000)}"}`)
  },
  nothing: (random, draft) => {
    raw(draft, random.pick(oddTypes), "")
  }
}

const names = Object.keys(ways)

/** Leaves it as it is, or spoils it in up to two ways. */
export const spoil = (random: Seeded, draft: Draft): Draft => {
  const times = random.pick([0, 0, 1, 1, 1, 2])
  for (let i = 0; i < times; i++) {
    const way = random.pick(names)
    ways[way]!(random, draft)
    draft.spoiled.push(way)
  }
  return draft
}
