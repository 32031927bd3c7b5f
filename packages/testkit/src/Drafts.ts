/** What people write in tests. */
import type { PostDraft } from "@rookery/domain/Post"

/** A public post, with `more` over it. */
export const draft = (text: string, more: Partial<PostDraft> = {}): PostDraft => ({
  text,
  spoiler: "",
  sensitive: false,
  visibility: "public",
  language: null,
  replyTo: null,
  repostOf: null,
  ...more
})
