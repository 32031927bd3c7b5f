import { assert, describe, it } from "@effect/vitest"
import { visibilities, type Visibility } from "../src/Post.ts"
import * as Sight from "../src/Sight.ts"

/** Every relation that two people can be in; `suspended` is of the author. */
const relations = {
  self: { standing: Sight.self, mentioned: false, disabled: false },
  follower: { standing: Sight.follower, mentioned: false, disabled: false },
  stranger: { standing: Sight.stranger, mentioned: false, disabled: false },
  mentioned: { standing: Sight.stranger, mentioned: true, disabled: false },
  blocked: { standing: { ...Sight.follower, blocked: true }, mentioned: true, disabled: false },
  muted: { standing: { ...Sight.follower, mutes: true }, mentioned: false, disabled: false },
  suspended: { standing: Sight.follower, mentioned: true, disabled: true }
} as const
type Relation = keyof typeof relations

/** Of each visibility, one letter a place (named, profile, offered, home): shown or -. */
const table: Readonly<Record<Relation, Readonly<Record<Visibility, string>>>> = {
  self: { public: "npoh", unlisted: "npoh", private: "npoh", direct: "npoh" },
  follower: { public: "npoh", unlisted: "npoh", private: "npoh", direct: "----" },
  stranger: { public: "npoh", unlisted: "npoh", private: "----", direct: "----" },
  mentioned: { public: "npoh", unlisted: "npoh", private: "npoh", direct: "npoh" },
  blocked: { public: "----", unlisted: "----", private: "----", direct: "----" },
  muted: { public: "np--", unlisted: "np--", private: "np--", direct: "----" },
  suspended: { public: "----", unlisted: "----", private: "----", direct: "----" }
}

const letters = { named: "n", profile: "p", offered: "o", home: "h" } as const

const shown = (post: (place: Sight.Place) => boolean): string =>
  Sight.places.map((place) => post(place) ? letters[place] : "-").join("")

describe("who sees a post", () => {
  for (const relation of Object.keys(relations) as Array<Relation>) {
    it(`as the table says for: ${relation}`, () => {
      for (const visibility of visibilities) {
        const subject = { ...relations[relation], visibility }
        assert.strictEqual(shown((place) => Sight.isShown(place, subject, undefined)), table[relation][visibility], visibility)
      }
    })
  }

  it("a post for all is shown everywhere, alone and wrapped, to whoever shuns nothing of its author; no other is", () => {
    for (const visibility of visibilities) {
      for (const disabled of [false, true]) {
        const subjects = [Sight.self, Sight.follower, Sight.stranger].map((standing) => ({ standing, mentioned: false, disabled, visibility }))
        const isShown = subjects.every((post) =>
          [undefined, ...subjects].every((inner) => Sight.places.every((place) => Sight.isShown(place, post, inner))))
        assert.strictEqual(Sight.isForAll(visibility, disabled), isShown, `${visibility}, ${disabled}`)
      }
    }
  })

  it("a wrapper by somebody followed goes with what it wraps; one who is muted is not shown through others either", () => {
    const wrapper = { ...relations.follower, visibility: "public" } as const
    const through = (relation: Relation) =>
      shown((place) => Sight.isShown(place, wrapper, { ...relations[relation], visibility: "public" }))
    assert.deepStrictEqual(
      [through("stranger"), through("blocked"), through("suspended"), through("muted")],
      ["npoh", "----", "----", "n---"]
    )
  })

  it("reposts that a follower does not want are kept from the home timeline alone", () => {
    const wrapper = { ...relations.follower, standing: { ...Sight.follower, withoutReposts: true }, visibility: "public" } as const
    const inner = { ...relations.stranger, visibility: "public" } as const
    assert.strictEqual(shown((place) => Sight.isShown(place, wrapper, inner)), "npo-")
    assert.strictEqual(shown((place) => Sight.isShown(place, wrapper, undefined)), "npoh")
  })

  it("languages that a follower does not want are kept from the home timeline alone, reposted ones too", () => {
    const languages = new Set(["de"])
    const by = (language: string | null) => ({ ...relations.follower, standing: { ...Sight.follower, languages }, visibility: "public", language }) as const
    const of = (language: string | null) => ({ ...relations.stranger, visibility: "public", language }) as const
    assert.deepStrictEqual(["de", "en", null].map((language) => shown((place) => Sight.isShown(place, by(language), undefined))), ["npoh", "npo-", "npoh"])
    assert.deepStrictEqual(["de", "en", null].map((language) => shown((place) => Sight.isShown(place, by(null), of(language)))), ["npoh", "npo-", "npoh"])
  })

  it("lists name neither the blocked nor the muted", () => {
    const listed = (relation: Relation) => Sight.isListed(relations[relation].standing)
    assert.deepStrictEqual([listed("self"), listed("stranger"), listed("blocked"), listed("muted")], [true, true, false, false])
  })
})
