/** Holds every source file and package.json of the project against the room rules. */
import { readdir, readFile } from "node:fs/promises"
import { dirname, join, posix, relative, sep } from "node:path"
import { importProblem, mayReadEnvironment, type Place, relativeProblem, ROOMS } from "./rules.ts"
import { readFacts } from "./sourceFile.ts"

const SOURCE = /\.[cm]?[jt]sx?$/

/** Where a file is, by its path from the project's root with `/`; undefined outside the rooms. */
const placeOf = (path: string): Place | undefined => {
  const [top, second, third] = path.split("/")
  if (top === "packages" && second !== undefined) return { room: second, isTest: third === "test" }
  if (top === "cluster" || top === "config" || top === "scripts") return { room: top, isTest: second === "test" }
  return top === "test" ? { room: "test", isTest: true } : undefined
}

/** The problems of one file, each as `path:line: what`. */
export const checkSource = (path: string, text: string): Array<string> => {
  const place = placeOf(path)
  if (place === undefined) return []
  const facts = readFacts(path, text)
  const wrongImports = facts.imports.flatMap(({ line, text: specifier }) => {
    const problem = specifier.startsWith(".")
      ? relativeProblem(place, placeOf(posix.join(posix.dirname(path), specifier)))
      : importProblem(place, specifier)
    return problem === undefined ? [] : [`${path}:${line}: ${problem} (${specifier})`]
  })
  const reads = mayReadEnvironment(place) ? [] : facts.environmentReads
  return [...wrongImports, ...reads.map(({ line, text: what }) => `${path}:${line}: packages never read the environment (${what})`)]
}

/** The problems of a package.json: its dependencies are held to the same rules as imports. */
export const checkManifest = (path: string, text: string): Array<string> => {
  const place = placeOf(path)
  if (place === undefined) return []
  if (ROOMS[place.room] === undefined) return [`${path}: room ${place.room} has no rule`]
  const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(text)
  return Object.keys(dependencies).flatMap((name) => {
    const problem = importProblem(place, name)
    return problem === undefined ? [] : [`${path}: ${problem}`]
  })
}

/** Every problem of the project under `root`, and how many files were looked at. */
export const checkProject = async (root: string): Promise<{ files: number; problems: Array<string> }> => {
  const folders = ["packages", "cluster", "config", "scripts", "test"].map((name) => join(root, name))
  const files = (await Promise.all(folders.map(listFiles))).flat().sort()
  const problems = await Promise.all(files.map(async (file) => {
    const path = relative(root, file).split(sep).join("/")
    const text = await readFile(file, "utf8")
    return posix.basename(path) === "package.json" ? checkManifest(path, text) : checkSource(path, text)
  }))
  return { files: files.length, problems: problems.flat() }
}

const listFiles = async (folder: string): Promise<Array<string>> => {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile() && (SOURCE.test(entry.name) || entry.name === "package.json"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !dirname(file).split(sep).includes("node_modules"))
}
