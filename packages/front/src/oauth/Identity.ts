/** Who is calling, as the token proves it. */
import type { AccountId, LocalNo } from "@rookery/domain/Ids"

/** The person of a token. */
export interface Account {
  readonly id: AccountId
  readonly no: LocalNo
  readonly shard: number
}

export interface Identity {
  readonly tokenHash: string
  readonly appId: bigint
  readonly scopes: ReadonlySet<string>
  /** Undefined for a program's own token. */
  readonly account: Account | undefined
  /** The person is suspended: the token is known, and opens nothing. */
  readonly suspended: boolean
}
