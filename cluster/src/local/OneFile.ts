/** `one.json`: where the one-process program is, so that the CLI can share its embedded database. */
import { Schema } from "effect"
import { join } from "node:path"
import * as stateFile from "./stateFile.ts"

const OneEntry = Schema.Struct({
  pid: Schema.Int,
  postgresUrl: Schema.String,
  /** Where clients reach it. */
  url: Schema.String
})
export type OneEntry = typeof OneEntry.Type

const pathIn = (folder: string): string => join(folder, "one.json")

export const write = (folder: string, entry: OneEntry): Promise<void> => stateFile.write(pathIn(folder), entry)

export const remove = (folder: string): Promise<void> => stateFile.remove(pathIn(folder))

/** Undefined when the program does not run on this folder. */
export const read = (folder: string): Promise<OneEntry | undefined> => stateFile.read(pathIn(folder), OneEntry)
