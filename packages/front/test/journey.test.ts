import { describe, it } from "@effect/vitest"
import { withFront } from "./frontWorld.ts"
import { journey } from "./journey.ts"

describe("a person's way through the API", () => {
  it.live("signs up, posts, follows, and finds the posts at home", () => withFront((client) => journey(client, "a")))
})
