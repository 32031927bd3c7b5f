/**
 * Who sees a post, and where: decided here and nowhere else. The statements that must decide inside of their
 * transaction (publishing, liking, notices) repeat the part on blocks and visibility, and tests hold them to it.
 */
import type { Visibility } from "./Post.ts"

/** What a viewer and an author are to each other. Nobody but the author is `self`. */
export interface Standing {
  readonly self: boolean
  /** The viewer follows the author. */
  readonly follows: boolean
  /** One of them blocks the other. */
  readonly blocked: boolean
  /** The viewer mutes the author. */
  readonly mutes: boolean
  /** The viewer follows the author, but not what they repost. */
  readonly withoutReposts: boolean
  /** The viewer follows the author, but for posts in these languages alone; undefined for all. */
  readonly languages?: ReadonlySet<string> | undefined
}

const nothing: Standing = { self: false, follows: false, blocked: false, mutes: false, withoutReposts: false }

/** Also whoever is not signed in. */
export const stranger = nothing
export const follower: Standing = { ...nothing, follows: true }
export const self: Standing = { ...nothing, self: true }

/**
 * - `named`: the viewer asked for this very post.
 * - `profile`: the viewer asked for its author's posts.
 * - `offered`: it comes by itself: threads, timelines, search, streams, notifications.
 * - `home`: the same, since its author is followed.
 */
export const places = ["named", "profile", "offered", "home"] as const
export type Place = (typeof places)[number]

/** A post as far as the decision goes. */
export interface Subject {
  readonly visibility: Visibility
  /** Without its region; null, or left out, where the post does not say. */
  readonly language?: string | null
  /** The author is suspended. */
  readonly disabled: boolean
  /** The post names the viewer. */
  readonly mentioned: boolean
  readonly standing: Standing
}

/** Whether the viewer may see the post at all. */
export const mayRead = ({ disabled, mentioned, standing, visibility }: Subject): boolean => {
  if (disabled) return false
  if (standing.self) return true
  if (standing.blocked) return false
  switch (visibility) {
    case "public":
    case "unlisted":
      return true
    case "private":
      return standing.follows || mentioned
    case "direct":
      return mentioned
  }
}

/** Whether somebody whom the viewer follows for some languages brings another; what does not say its language is always wanted. */
const isForeign = ({ languages }: Standing, { language }: Subject): boolean =>
  languages !== undefined && typeof language === "string" && !languages.has(language)

/** Whether a viewer who may see the post, and what it reposts, does not want it at this place. */
const isUnwanted = (place: Place, post: Subject, inner: Subject | undefined): boolean => {
  const { standing } = post
  if (place === "named") return false
  if (inner !== undefined && inner.standing.mutes) return true
  if (place === "profile") return false
  if (standing.mutes) return true
  if (place !== "home") return false
  return isForeign(standing, inner ?? post) || (inner !== undefined && standing.withoutReposts)
}

/** Whether the post is shown. A wrapper is seen only with what it wraps, `inner`. */
export const isShown = (place: Place, post: Subject, inner: Subject | undefined): boolean =>
  mayRead(post) && (inner === undefined || mayRead(inner)) && !isUnwanted(place, post, inner)

/**
 * Whether a post is for everybody: whoever has nothing to do with its author, or follows them for all they publish, or is them,
 * is shown it at every place. What {@link isShown} says of nearly all posts, without a subject.
 */
export const isForAll = (visibility: Visibility, disabled: boolean): boolean =>
  !disabled && (visibility === "public" || visibility === "unlisted")

/** Whether the viewer is shown the person in lists: of followers, of those who like or repost. */
export const isListed = ({ blocked, mutes }: Standing): boolean => !blocked && !mutes
