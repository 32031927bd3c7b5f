/** A tag as clients see it. */
import type { TagDay } from "@rookery/store/TopicStore"
import * as Text from "./Text.ts"

/** The `Tag` entity; days come as seconds. Tags cannot be followed, and profiles feature none. */
export const entity = (name: string, days: ReadonlyArray<TagDay>, publicUrl: string) => ({
  id: name,
  name,
  url: Text.tagUrl(publicUrl, name),
  history: days.map(({ accounts, day, uses }) => ({ day: String(day / 1_000), uses: String(uses), accounts: String(accounts) })),
  following: false,
  featuring: false
})

export type Tag = ReturnType<typeof entity>
