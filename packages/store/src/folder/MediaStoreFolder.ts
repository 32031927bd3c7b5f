/** Pictures in a folder: of one process, or shared by the members of a cluster (a network file system). */
import * as Media from "@rookery/domain/Media"
import { Effect, Layer } from "effect"
import { open, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { type ByteRange, type MediaObject, MediaStore } from "../MediaStore.ts"
import { StoreError } from "../StoreError.ts"
import { makeFolder } from "./makeFolder.ts"

/** Removals under way at once. */
const removalsAtOnce = 8

const isMissing = (cause: unknown): boolean => cause instanceof Error && "code" in cause && cause.code === "ENOENT"

const attempt = <A>(operation: string, run: () => Promise<A>): Effect.Effect<A, StoreError> =>
  Effect.tryPromise({ try: run, catch: (cause) => new StoreError({ operation, cause }) })

/** Opened before it is answered: a file that goes meanwhile is read to its end. */
const read = async (path: string, range: ByteRange | undefined): Promise<MediaObject | undefined> => {
  const file = await open(path).catch((cause: unknown) => {
    if (isMissing(cause)) return undefined
    throw cause
  })
  if (file === undefined) return undefined
  const { size: total } = await file.stat()
  const start = range === undefined || range.start >= total ? 0 : range.start
  const end = Math.min(total - 1, start === range?.start ? range.end ?? total - 1 : total - 1)
  return { total, start, end, bytes: file.createReadStream({ start, end }) }
}

/** Seen under its name only when it is whole, and on the disk. */
const write = async (path: string, bytes: Uint8Array): Promise<void> => {
  await makeFolder(dirname(path))
  await writeFile(`${path}.part`, bytes, { flush: true })
  await rename(`${path}.part`, path)
}

const remove = async (path: string): Promise<void> => {
  await rm(`${path}.part`, { force: true })
  await rm(path, { force: true })
}

/** Makes the folder if it is not there; fails when it cannot be. */
export const layer = (folder: string): Layer.Layer<MediaStore, StoreError> => {
  /** No other text ever becomes a path. */
  const pathOf = (key: string): string | undefined => Media.isKey(key) ? join(folder, key) : undefined
  const demand = (key: string) => Effect.sync(() => {
    const path = pathOf(key)
    if (path === undefined) throw new Error("not the key of an object")
    return path
  })
  return Layer.effect(
    MediaStore,
    Effect.as(attempt("MediaStore.open", () => makeFolder(folder)), {
      put: (key, bytes) => Effect.flatMap(demand(key), (path) => attempt("MediaStore.put", () => write(path, bytes))),
      get: (key, range) => {
        const path = pathOf(key)
        return path === undefined ? Effect.succeed(undefined) : attempt("MediaStore.get", () => read(path, range))
      },
      remove: (keys) =>
        Effect.forEach(keys, (key) =>
          Effect.flatMap(demand(key), (path) => attempt("MediaStore.remove", () => remove(path))), {
          concurrency: removalsAtOnce,
          discard: true
        })
    })
  )
}
