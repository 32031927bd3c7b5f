/** Files in which a running program says where it is. They hold secrets: mode 0600, written whole or not at all. */
import { makeFolder } from "@rookery/store/folder/makeFolder"
import { Option, Schema } from "effect"
import { readFile, rename, rm, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { isAlive } from "../servers/processIdentity.ts"

export const write = async (file: string, content: object): Promise<void> => {
  await makeFolder(dirname(file))
  const draft = `${file}.new-${process.pid}`
  await writeFile(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 })
  await rename(draft, file)
}

export const remove = (file: string): Promise<void> => rm(file, { force: true })

/** What the file says; undefined when there is none or the process that wrote it is gone. Rejects a file of another form, by name. */
export const read = async <A extends { readonly pid: number }>(
  file: string,
  schema: Schema.Codec<A, unknown>
): Promise<A | undefined> => {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined
    throw cause
  })
  if (text === undefined) return undefined
  const content = Option.getOrUndefined(Schema.decodeUnknownOption(Schema.fromJsonString(schema))(text))
  if (content === undefined) throw new Error(`${file} is not as a running program writes it; if none runs, remove it`)
  return isAlive(content.pid) ? content : undefined
}
