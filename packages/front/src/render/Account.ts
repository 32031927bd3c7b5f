/** An account as clients see it. */
import * as Snowflake from "@rookery/domain/Snowflake"
import type { AccountRow } from "@rookery/store/AccountStore"
import type { Addresses } from "./Addresses.ts"
import { urlOf } from "./Media.ts"
import * as Text from "./Text.ts"

export const profileUrl = Text.profileUrl

export const actorUri = (publicUrl: string, username: string): string => `${publicUrl}/users/${username}`

export const avatarPath = "/avatars/missing.svg"
export const headerPath = "/headers/missing.svg"

const dayOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10)

/** Addresses of a person's own pictures; they do not move, so that each is its own still. */
const picturesOf = ({ avatar, header }: AccountRow, addresses: Addresses) => ({
  avatar: avatar === null ? null : urlOf(avatar, addresses),
  header: header === null ? null : urlOf(header, addresses)
})

/** What others are shown of a suspended account: that it is one. */
const blank = (row: AccountRow): AccountRow => ({
  ...row,
  displayName: "",
  note: "",
  locked: false,
  bot: false,
  discoverable: false,
  fields: [],
  avatar: null,
  header: null,
  followers: 0,
  following: 0,
  statuses: 0,
  lastStatusAt: null
})

/** The `Account` entity; an object, for answers that hold it once. */
export const entity = (row: AccountRow, addresses: Addresses): ReturnType<typeof whole> & { readonly suspended?: true } =>
  row.disabledAt === null ? whole(row, addresses) : { ...whole(blank(row), addresses), suspended: true }

/** The same for moderators, who see of a suspended account what they see of any. */
export const whole = (row: AccountRow, addresses: Addresses) => {
  const { publicUrl } = addresses
  const { avatar, header } = picturesOf(row, addresses)
  return {
    id: String(row.id),
    username: row.username,
    acct: row.username,
    display_name: row.displayName,
    locked: row.locked,
    bot: row.bot,
    group: false,
    discoverable: row.discoverable,
    indexable: false,
    noindex: false,
    created_at: new Date(Snowflake.millisOf(row.id)).toISOString(),
    note: Text.toHtml(row.note),
    url: profileUrl(publicUrl, row.username),
    uri: actorUri(publicUrl, row.username),
    avatar: avatar ?? publicUrl + avatarPath,
    avatar_static: avatar ?? publicUrl + avatarPath,
    header: header ?? publicUrl + headerPath,
    header_static: header ?? publicUrl + headerPath,
    followers_count: row.followers,
    following_count: row.following,
    statuses_count: row.statuses,
    last_status_at: row.lastStatusAt === null ? null : dayOf(row.lastStatusAt),
    hide_collections: false,
    moved: null,
    roles: [],
    emojis: [],
    fields: row.fields.map(({ name, value }) => ({ name, value: Text.linkify(value), verified_at: null }))
  }
}

/** As the person wrote them. */
const rawFields = (row: AccountRow) => row.fields.map(({ name, value }) => ({ name, value, verified_at: null }))

/** Permissions of an ordinary person: none of the moderators' bits. */
const roleOf = (row: AccountRow) => ({
  id: row.admin ? "3" : "-99",
  name: row.admin ? "Admin" : "",
  permissions: row.admin ? "1" : "0",
  color: "",
  highlighted: row.admin
})

/** The `CredentialAccount` entity: what a person sees of their own account, with how many ask to follow it. */
export const credentials = (row: AccountRow, addresses: Addresses, followRequests: number) => ({
  ...entity(row, addresses),
  source: {
    privacy: row.defaultPrivacy,
    sensitive: row.defaultSensitive,
    language: row.defaultLanguage,
    note: row.note,
    fields: rawFields(row),
    follow_requests_count: followRequests,
    hide_collections: false,
    discoverable: row.discoverable,
    indexable: false,
    attribution_domains: []
  },
  role: roleOf(row)
})

/** The `Profile` entity: what a person may change, as they wrote it. Pictures that are not set are null. */
export const profile = (row: AccountRow, addresses: Addresses) => {
  const { avatar, header } = picturesOf(row, addresses)
  return {
    id: String(row.id),
    display_name: row.displayName,
    note: row.note,
    fields: rawFields(row),
    locked: row.locked,
    bot: row.bot,
    discoverable: row.discoverable,
    indexable: false,
    hide_collections: false,
    avatar,
    avatar_static: avatar,
    avatar_description: "",
    header,
    header_static: header,
    header_description: "",
    show_media: true,
    show_media_replies: true,
    show_featured: true,
    attribution_domains: []
  }
}

/** The `Preferences` entity. */
export const preferences = (row: AccountRow) => ({
  "posting:default:visibility": row.defaultPrivacy,
  "posting:default:sensitive": row.defaultSensitive,
  "posting:default:language": row.defaultLanguage,
  "reading:expand:media": "default",
  "reading:expand:spoilers": false
})
