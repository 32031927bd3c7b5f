/** A bar for work that takes a while, on standard error: redrawn on a terminal, a line now and then elsewhere. */

export interface Progress {
  /** Shows that `done` of the work is done. */
  readonly at: (done: number) => void
  /** Draws the last state and ends the line. */
  readonly end: () => void
}

const WIDTH = 30
const TERMINAL_MS = 100
const FILE_MS = 2000
/** The rate is that of the last seconds, so that the time left follows what happens now. */
const RATE_MS = 5000

export const start = (
  what: string,
  total: number,
  from: number,
  out: NodeJS.WriteStream = process.stderr,
  now: () => number = Date.now
): Progress => {
  let done = from
  let drawn = 0
  let shown = -1
  const marks = [{ at: now(), done: from }]
  const draw = () => {
    drawn = now()
    shown = done
    const line = render(what, done, total, rateOf(marks, drawn, done))
    out.write(out.isTTY ? `\r${line}\u001b[K` : `${line}\n`)
  }
  const at = (value: number) => {
    done = value
    const time = now()
    if (time - marks.at(-1)!.at > 250) marks.push({ at: time, done })
    while (marks.length > 2 && time - marks[0]!.at > RATE_MS) marks.shift()
    if (time - drawn >= (out.isTTY ? TERMINAL_MS : FILE_MS)) draw()
  }
  const end = () => {
    if (out.isTTY || shown !== done) draw()
    if (out.isTTY) out.write("\n")
  }
  return { at, end }
}

/** Units a second. */
const rateOf = (marks: ReadonlyArray<{ readonly at: number; readonly done: number }>, time: number, done: number): number => {
  const first = marks[0]!
  return time > first.at ? (done - first.done) * 1000 / (time - first.at) : 0
}

export const render = (what: string, done: number, total: number, rate: number): string => {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const full = Math.round(share * WIDTH)
  const bar = "█".repeat(full) + "░".repeat(WIDTH - full)
  const left = rate > 0 ? duration((total - done) / rate) : "…"
  return `${what} ${bar} ${Math.floor(share * 100)} %  ${count(done)} of ${count(total)}  ${count(Math.round(rate))}/s  ${left} left`
}

const count = (value: number): string => value.toLocaleString("en-US")

const duration = (seconds: number): string =>
  seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.ceil(seconds % 60)} s`
