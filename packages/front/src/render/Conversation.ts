/** A conversation as one of those who take part in it sees it. */
import type { Conversation } from "@rookery/store/ConversationStore"
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import type { Account } from "../oauth/Identity.ts"
import * as AccountRendering from "./Account.ts"

type Means = Pick<Deps, "accounts" | "reader" | "settings">

/** The `Conversation` entities of one person, in order; those whose last post they may not see are left out. */
export const entities = (deps: Means, me: Account, conversations: ReadonlyArray<Conversation>) =>
  Effect.gen(function*() {
    if (conversations.length === 0) return []
    // Of conversations with nobody else, oneself is the other.
    const peopleOf = ({ people }: Conversation) => people.length === 0 ? [me.id] : people
    const rows = yield* deps.accounts.byIds([...new Set(conversations.flatMap(peopleOf))])
    const byId = new Map(rows.map((row) => [row.id, row]))
    const items = yield* deps.reader.visible(me, conversations.map((conversation) => conversation.lastPost), "offered")
    const statuses: ReadonlyArray<{ readonly id: string }> = JSON.parse((yield* deps.reader.present(me, items)).toString("utf8"))
    const lastOf = new Map(statuses.map((status) => [status.id, status]))
    return conversations.flatMap((conversation) => {
      const last = lastOf.get(String(conversation.lastPost))
      if (last === undefined) return []
      const accounts = peopleOf(conversation).flatMap((id) => {
        const row = byId.get(id)
        return row === undefined || row.disabledAt !== null ? [] : [AccountRendering.entity(row, deps.settings)]
      })
      return [{ id: String(conversation.id), unread: conversation.unread, accounts, last_status: last }]
    })
  })
