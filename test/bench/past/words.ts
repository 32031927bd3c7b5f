/** Posts of some 140 bytes as people write them: words by how often they are used, sentences, now and then a tag, a name or a link. */
import type * as Seeded from "@rookery/testkit/Seeded"

const common = `the be to of and a in that have I it for not on with he as you do at this but his by from they we say her she or an will my one all
would there their what so up out if about who get which go me when make can like time no just him know take people into year your good some could them see
other than then now look only come its over think also back after use two how our work first well way even new want because any these give day most us is
are was were been has had did said does going got more really still here why where today never always much very thing things something someone everyone
again before down off too same another while last long great little own old right big high different small large next early young important few public bad
able home morning night week life world school house coffee train book music game city street rain snow summer winter friend family mother father child
bird crow nest tree garden river train window kitchen table phone computer code server release test bug meeting team office weekend holiday dinner lunch
bread cheese soup tomato potato apple love hate hope miss feel found left made took went came saw heard told asked tried started finished broke fixed
wrote read bought sold lost won played watched waited walked drove flew slept woke laughed cried finally actually probably maybe almost already yet soon`
  .split(/\s+/)

const syllables = ["ba", "ker", "lin", "to", "mar", "ren", "sti", "vo", "pel", "dan", "gri", "mo", "sha", "ter", "ulo", "fen", "wick", "ham", "ost", "ry"]

/** Rare words are many: names, places, and what is spelled wrong. */
const rareMax = 20_000
const rare = (n: number): string =>
  syllables[n % 20]! + syllables[Math.floor(n / 20) % 20]! + (n % 3 === 0 ? syllables[Math.floor(n / 400) % 20]! : "")

/** By Zipf's law, roughly: the rank is as likely as one over itself. */
const word = (random: Seeded.Seeded): string => {
  const rank = Math.floor(Math.exp(random.next() * Math.log(rareMax))) - 1
  return common[rank] ?? rare(rank)
}

const extra = (random: Seeded.Seeded): string => {
  const kind = random.weighted({ none: 70, tag: 14, name: 8, link: 8 })
  if (kind === "none") return ""
  if (kind === "tag") return ` #${word(random)}`
  return kind === "name" ? ` @${rare(random.int(rareMax))}` : ` https://example.org/${random.int(2 ** 31).toString(36)}`
}

/** Between 20 and 260 bytes, 140 on average. */
export const text = (random: Seeded.Seeded): string => {
  const length = 20 + random.int(240)
  let made = ""
  let isStart = true
  while (made.length < length) {
    const next = word(random)
    const end = random.chance(0.12) ? random.pick([".", ".", "!", "?", ","]) : ""
    made += (made === "" ? "" : " ") + (isStart ? next[0]!.toUpperCase() + next.slice(1) : next) + end
    isStart = end !== "" && end !== ","
  }
  return made + extra(random)
}
