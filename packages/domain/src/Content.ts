/** Contents of posts as datacenters hand them on. */
import type { AccountId, PostId } from "./Ids.ts"
import type { Media } from "./Media.ts"
import type { Post } from "./Post.ts"

/** What an announcement leaves out. The version is the post's. */
export interface Content {
  readonly id: PostId
  readonly version: number
  readonly text: string
  readonly spoiler: string
  readonly language: string | null
  readonly mentions: ReadonlyArray<{ readonly id: AccountId; readonly username: string }>
  readonly media: ReadonlyArray<Media>
}

export const ofPost = ({ id, language, media, mentions, spoiler, text, version }: Post): Content =>
  ({ id, version, text, spoiler, language, mentions, media })

/** A text that a post had, or has. */
export interface Version {
  readonly text: string
  readonly spoiler: string
  readonly sensitive: boolean
  /** When it replaced the one before, or the post was made: milliseconds since 1970. */
  readonly at: number
  readonly media: ReadonlyArray<Media>
}
