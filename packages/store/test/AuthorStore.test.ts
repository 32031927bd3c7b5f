import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { AuthorStore } from "../src/AuthorStore.ts"
import { OutboxStore } from "../src/OutboxStore.ts"
import * as Database from "./database.ts"

layer(Database.layer, { excludeTestServices: true })("AuthorStore", (it) => {
  it.effect("changes the mode behind its fence, with a new epoch and a task for the way in between", () =>
    Effect.gen(function*() {
      const authors = yield* AuthorStore
      const outbox = yield* OutboxStore
      const [ann] = yield* Database.people(1)
      const both = yield* authors.setMode(ann!.id, 1, { mode: "both", heading: "pull", override: "auto" })
      assert.deepInclude(both?.row, { mode: "both", heading: "pull", override: "auto", epoch: 1, version: 2 })
      assert.deepStrictEqual((yield* outbox.take([both!.outboxId!], 1_000))[0]?.task, { _tag: "Transition", epoch: 1 })
      assert.isUndefined(yield* authors.setMode(ann!.id, 1, { mode: "pull", heading: "pull", override: "auto" }))
      const pull = yield* authors.setMode(ann!.id, 2, { mode: "pull", heading: "pull", override: "pull" })
      assert.deepStrictEqual([pull?.row.epoch, pull?.outboxId], [2, undefined])
      assert.deepStrictEqual(yield* authors.load(ann!.id), pull?.row)
      assert.deepStrictEqual(yield* authors.unpushed, [{ author: ann!.id, authorNo: ann!.no, mode: "pull", epoch: 2 }])
    }))
})
