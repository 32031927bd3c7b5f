/** What the journey asks of a client library: each driver says it in its library's own words. */

export interface App {
  readonly clientId: string
  readonly clientSecret: string
}

export interface SignUp {
  readonly username: string
  readonly email: string
  readonly password: string
}

/** The addresses of a server: where to ask, and where to listen. */
export interface Server {
  readonly rest: string
  readonly streaming: string
}

export interface Status {
  readonly id: string
  readonly content: string
  readonly spoiler: string
  readonly visibility: string
  readonly replyTo: string | null
  readonly reblogOf: string | null
  readonly mediaIds: ReadonlyArray<string>
}

export interface Draft {
  readonly replyTo?: string
  readonly spoiler?: string
  readonly visibility?: "public" | "unlisted" | "private" | "direct"
  readonly mediaIds?: ReadonlyArray<string>
}

export interface Notification {
  readonly type: string
  readonly from: string
  readonly status: string | undefined
}

export interface Heard {
  readonly event: "update" | "delete" | "notification" | "status.update"
  /** Of the status; of a notification its type. */
  readonly what: string
}

export interface Listener {
  readonly heard: ReadonlyArray<Heard>
  readonly close: () => void
}

export type Timeline = "home" | "public" | { readonly tag: string }

export interface Person {
  readonly id: () => Promise<string>
  readonly post: (text: string, draft?: Draft) => Promise<Status>
  readonly edit: (id: string, text: string) => Promise<Status>
  readonly remove: (id: string) => Promise<void>
  readonly act: (verb: "favourite" | "reblog" | "bookmark", id: string) => Promise<Status>
  readonly relate: (verb: "follow" | "block", id: string) => Promise<{ readonly following: boolean; readonly blocking: boolean }>
  readonly upload: (picture: Blob, description: string) => Promise<string>
  /** All ids of a timeline, asked for page by page. */
  readonly walk: (timeline: Timeline, pageSize: number) => Promise<ReadonlyArray<string>>
  readonly bookmarks: () => Promise<ReadonlyArray<string>>
  readonly notifications: () => Promise<ReadonlyArray<Notification>>
  readonly search: (text: string) => Promise<{ readonly accounts: ReadonlyArray<string>; readonly statuses: ReadonlyArray<string>; readonly tags: ReadonlyArray<string> }>
  /** Sets the home marker, and answers what is read back. */
  readonly mark: (id: string) => Promise<string | undefined>
  readonly lists: () => Promise<ReadonlyArray<unknown>>
  /** Resolves when the stream is open. */
  readonly listen: (stream: "user" | { readonly tag: string }) => Promise<Listener>
}

export interface Driver {
  readonly register: (server: Server, redirectUri: string) => Promise<App>
  /** Makes an account, and answers its token. */
  readonly signUp: (server: Server, app: App, person: SignUp) => Promise<string>
  readonly byCode: (server: Server, app: App, code: string, redirectUri: string) => Promise<string>
  readonly byPassword: (server: Server, app: App, person: SignUp) => Promise<string>
  readonly person: (server: Server, token: string) => Person
}

export const scopes: ReadonlyArray<string> = ["read", "write", "follow"]
