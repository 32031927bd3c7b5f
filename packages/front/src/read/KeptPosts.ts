/**
 * Renderings as the cache keeps them: one object and one string, where the post, its parts and its bytes were eleven things that
 * the garbage collector had to look at, for each of a hundred thousand.
 */
import type { LocalNo, PostId } from "@rookery/domain/Ids"
import type { Post, Visibility } from "@rookery/domain/Post"
import * as PostParts from "@rookery/domain/PostParts"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Status from "../render/Status.ts"
import * as PostBytes from "./PostBytes.ts"

class KeptPost implements Status.RenderedPost {
  /** The packed post, and from `headAt` on the head. */
  readonly bytes: string
  readonly headAt: number
  /** The id, in two words with a sign, which stand in the object itself. */
  readonly hi: number
  readonly lo: number

  constructor(id: bigint, bytes: string, headAt: number) {
    this.bytes = bytes
    this.headAt = headAt
    this.hi = Snowflake.high(id) | 0
    this.lo = Snowflake.low(id) | 0
  }

  get id(): PostId {
    return Snowflake.fromWords(this.hi, this.lo >>> 0) as PostId
  }
  get authorNo(): LocalNo {
    return PostBytes.authorNoIn(this.bytes)
  }
  get visibility(): Visibility {
    return PostBytes.visibilityIn(this.bytes)
  }
  get repostOf(): PostId | null {
    return PostBytes.repostOfIn(this.bytes)
  }
  get pinned(): boolean {
    return PostBytes.isPinnedIn(this.bytes)
  }
  get isMarked(): boolean {
    return PostBytes.isMarkedIn(this.bytes)
  }
  get post(): Post {
    return this.unpacked().post
  }
  get username(): string {
    return this.unpacked().username
  }
  get tags(): ReadonlyArray<string> {
    return PostParts.tagsOf(this.post.text)
  }
  get head(): string {
    return this.bytes.slice(this.headAt)
  }
  get tail(): Buffer {
    return Status.tailOf(PostBytes.isWrapperIn(this.bytes))
  }

  private unpacked() {
    const bytes = Buffer.from(this.bytes.slice(0, this.headAt), "latin1")
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    return PostBytes.unpack(this.id, { bytes, view, start: 0, end: bytes.length })
  }
}

/** The same rendering, in the form that is kept; what cannot be packed (PostBytes) stays as it is. */
export const keep = (rendered: Status.RenderedPost): Status.RenderedPost => {
  if (rendered instanceof KeptPost) return rendered
  const packed = PostBytes.pack(rendered.post, rendered.username)
  return packed === undefined ? rendered : new KeptPost(rendered.id, joined(packed, rendered.head), packed.length)
}

/** What nearly all fit in. */
const scratch = Buffer.alloc(16 * 1024)

/** In one piece: what `+` makes of two strings keeps both, and a third. */
const joined = (packed: Buffer, head: string): string => {
  const length = packed.length + head.length
  const memory = length > scratch.length ? Buffer.alloc(length) : scratch
  packed.copy(memory)
  memory.write(head, packed.length, "latin1")
  return memory.toString("latin1", 0, length)
}

/** Beside the bytes: the object and the string's header, and of what is not packed its parts. */
const objectBytes = 80
const partsBytes = 600

/** Bytes that a rendering takes, its objects included. */
export const sizeOf = (rendered: Status.RenderedPost): number =>
  rendered instanceof KeptPost
    ? rendered.bytes.length + objectBytes
    : rendered.head.length + rendered.post.text.length * 2 + partsBytes
