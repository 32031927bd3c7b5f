/** What the server says of itself. */
import type { FrontSettings } from "../Settings.ts"
import * as Limits from "@rookery/domain/Limits"
import { mimeTypes } from "../media/Picture.ts"
import { headerPath } from "./Account.ts"
import * as Text from "./Text.ts"

export interface Totals {
  readonly accounts: number
  readonly posts: number
  readonly activeMonth: number
}

const startedAt = new Date().toISOString()

/** Clients read what they may expect from the first number. */
const versionOf = (settings: FrontSettings): string => `4.4.0 (compatible; Rookery ${settings.version})`

/** Every host has a postmaster, also where the operator named nobody. */
const contactOf = (settings: FrontSettings): string =>
  settings.contactEmail === "" ? `postmaster@${new URL(settings.publicUrl).hostname}` : settings.contactEmail

const streamingUrl = (settings: FrontSettings): string => settings.publicUrl.replace(/^http/, "ws")

/** No video and no polls: limits of 0 tell clients not to offer them. */
const configuration = (settings: FrontSettings) => ({
  accounts: {
    max_featured_tags: 0,
    max_pinned_statuses: 0,
    max_profile_fields: Limits.profileFieldsMax,
    max_display_name_length: Limits.displayNameMax,
    max_note_length: Limits.noteMax
  },
  statuses: {
    max_characters: settings.postCharactersMax,
    max_media_attachments: Limits.mediaPerPostMax,
    characters_reserved_per_url: Text.charactersPerUrl
  },
  media_attachments: {
    supported_mime_types: mimeTypes,
    image_size_limit: settings.limits.uploadBytesMax,
    image_matrix_limit: settings.limits.picturePixelsMax,
    video_size_limit: 0,
    video_frame_rate_limit: 0,
    video_matrix_limit: 0,
    description_limit: Limits.mediaDescriptionMax
  },
  polls: { max_options: 0, max_characters_per_option: 0, min_expiration: 0, max_expiration: 0 }
})

export const v1 = (settings: FrontSettings, totals: Totals) => ({
  uri: new URL(settings.publicUrl).host,
  title: settings.title,
  short_description: settings.description,
  description: settings.description,
  email: contactOf(settings),
  version: versionOf(settings),
  urls: { streaming_api: streamingUrl(settings) },
  stats: { user_count: totals.accounts, status_count: totals.posts, domain_count: 0 },
  thumbnail: settings.publicUrl + headerPath,
  languages: ["en"],
  registrations: settings.registrationsOpen,
  approval_required: false,
  invites_enabled: false,
  configuration: configuration(settings),
  contact_account: null,
  rules: []
})

export const v2 = (settings: FrontSettings, totals: Totals) => ({
  domain: new URL(settings.publicUrl).host,
  title: settings.title,
  version: versionOf(settings),
  source_url: settings.publicUrl,
  description: settings.description,
  usage: { users: { active_month: totals.activeMonth } },
  thumbnail: { url: settings.publicUrl + headerPath, blurhash: null, versions: null, description: null },
  icon: [],
  languages: ["en"],
  configuration: {
    ...configuration(settings),
    urls: { streaming: streamingUrl(settings), status: null, about: null, privacy_policy: null, terms_of_service: null },
    vapid: { public_key: "" },
    translation: { enabled: false },
    limited_federation: true
  },
  registrations: {
    enabled: settings.registrationsOpen,
    approval_required: false,
    reason_required: false,
    message: null,
    min_age: null,
    url: null
  },
  api_versions: { mastodon: 1 },
  contact: { email: contactOf(settings), account: null },
  rules: []
})

/** There is no longer description than the short one; it is as old as this process. */
export const extendedDescription = (settings: FrontSettings) => ({ updated_at: startedAt, content: Text.toHtml(settings.description) })

export const nodeinfo = (settings: FrontSettings, totals: Totals) => ({
  version: "2.0",
  software: { name: "rookery", version: settings.version },
  protocols: [],
  services: { outbound: [], inbound: [] },
  usage: {
    users: { total: totals.accounts, activeMonth: totals.activeMonth },
    localPosts: totals.posts
  },
  openRegistrations: settings.registrationsOpen,
  metadata: { nodeName: settings.title, upstream: { name: "mastodon" } }
})
