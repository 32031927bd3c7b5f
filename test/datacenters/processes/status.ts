/** A status, as far as the tests look into it. */
export interface Status {
  readonly id: string
  readonly content: string
  readonly account: { readonly id: string }
  readonly reblog: Status | null
  readonly favourites_count: number
  readonly reblogs_count: number
  readonly replies_count: number
}

/** The text as it was written: the tests write one paragraph, with names that become links. */
export const textIn = ({ content }: Status): string => content.replaceAll(/<[^>]*>/g, "")
