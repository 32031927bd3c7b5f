/** A post of another datacenter whose content can be had now, and then cannot. */
import { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import type { AccountRow, AccountStore } from "@rookery/store/AccountStore"
import type { PostStore } from "@rookery/store/PostStore"
import { Effect } from "effect"
import * as Hydration from "../src/read/Hydration.ts"
import type { Marks } from "../src/read/Marks.ts"
import * as Reader from "../src/read/Reader.ts"
import type { Relations } from "../src/read/Rules.ts"
import { defaultLimits } from "../src/Settings.ts"
import { plain } from "./posts.ts"

const addresses = { publicUrl: "https://rookery.example" }

export const rowOf = (no: LocalNo): AccountRow => ({
  id: AccountId.make(BigInt(no)), no, shard: 1, username: `person${no}`, displayName: "", note: "", locked: false, bot: false,
  discoverable: true, fields: [], defaultPrivacy: "public", defaultSensitive: false, defaultLanguage: null, avatar: null, header: null,
  admin: false, remote: false, disabledAt: null, followers: 0, following: 0, statuses: 0, lastStatusAt: null
})

export const target: Post = { ...plain, authorNo: LocalNo.make(2), text: "from far away" }
export const wrapper: Post = { ...plain, id: PostId.make(plain.id + 1n), authorNo: LocalNo.make(3), text: "", repostOf: target.id }
export const announced: Post = { ...target, text: "", version: 2, likes: 1, absent: true }

/** The target is far, and its content can be had until `lose`; after `end` its owner says that it is gone. */
export const world = Effect.gen(function*() {
  let found = { posts: [target], later: [] as Array<bigint> }
  const near = { byIds: () => Effect.succeed([wrapper]) } as unknown as PostStore["Service"]
  const contents = {
    byIds: () => Effect.sync(() => found),
    fill: (post: Post) => Effect.succeed(post)
  }
  const accounts = { byNos: (nos: ReadonlyArray<LocalNo>) => Effect.succeed(nos.map(rowOf)) } as unknown as AccountStore["Service"]
  const hydration = yield* Hydration.make({ posts: near, accounts }, addresses, defaultLimits, {
    contents,
    isFar: (id) => id === target.id
  })
  const become = (next: typeof found) =>
    Effect.sync(() => {
      found = next
      hydration.dropPost(target.id)
    })
  return { hydration, lose: become({ posts: [], later: [target.id] }), end: become({ posts: [], later: [] }) }
})

/** For somebody who shuns nobody and has marked nothing. */
export const readerOf = (hydration: Hydration.Hydration) => {
  const marks = { of: () => Effect.succeed(new Map()) } as unknown as Marks
  const relations = { shunned: { of: () => Effect.succeed(new Map()) } } as unknown as Relations
  return Reader.make(hydration, marks, relations)
}

export const before = (hydration: Hydration.Hydration) => Effect.map(hydration.posts([target.id]), ([item]) => item!)
