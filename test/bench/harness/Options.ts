/** The command line of `npm run bench`. */
import { join } from "node:path"
import type { Bench, BenchOptions } from "./Bench.ts"

/** The command line says something that cannot be done. */
export class UsageError extends Error {}

const common: Readonly<Record<string, string>> = {
  "--scale": "size of the work, 1 is the run that the goals are set for (1)",
  "--seconds": "length of each measured part (20)",
  "--seed": "of everything that is drawn by lot (1)",
  "--out": "folder for JSON and SVG (bench-results)",
  "--profile": "leave a CPU profile of every process there as well"
}

export const help = (benches: ReadonlyArray<Bench>): string => {
  const row = ([name, meaning]: readonly [string, string]) => `  ${name.padEnd(22)} ${meaning}`
  const own = benches.flatMap((bench) => [
    row([bench.name, bench.about]),
    ...Object.entries(bench.options).map(([name, meaning]) => row([`  --${name}`, meaning]))
  ])
  return ["npm run bench -- NAME [options]", "", "Benches:", ...own, "", "Options of all:",
    ...Object.entries(common).map(row)].join("\n")
}

const number = (name: string, text: string, isWhole: boolean): number => {
  const value = Number(text)
  if (!(value > 0) || (isWhole && !Number.isInteger(value))) {
    throw new UsageError(`${name} must be a ${isWhole ? "whole " : ""}number above 0, not "${text}"`)
  }
  return value
}

/** Reads what follows the bench's name. Throws `UsageError`. */
export const parse = (bench: Bench, args: ReadonlyArray<string>, root: string): BenchOptions => {
  const given = new Map<string, string>()
  for (let i = 0; i < args.length; i++) {
    const name = args[i]!
    if (name === "--profile") {
      given.set(name, "yes")
      continue
    }
    if (!Object.hasOwn(common, name) && !Object.hasOwn(bench.options, name.replace(/^--/, ""))) {
      throw new UsageError(`${bench.name} does not know ${name}`)
    }
    const value = args[++i]
    if (value === undefined) throw new UsageError(`${name} needs a value`)
    given.set(name, value)
  }
  const more = [...given].filter(([name]) => !Object.hasOwn(common, name))
  return {
    scale: number("--scale", given.get("--scale") ?? "1", false),
    seconds: number("--seconds", given.get("--seconds") ?? "20", false),
    seed: number("--seed", given.get("--seed") ?? "1", true),
    out: given.get("--out") ?? join(root, "bench-results"),
    isProfiled: given.has("--profile"),
    more: new Map(more.map(([name, value]) => [name.replace(/^--/, ""), value]))
  }
}
