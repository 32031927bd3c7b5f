/** Where programs of this machine are. */
import { accessSync, constants, statSync } from "node:fs"
import { delimiter, join } from "node:path"

/** Debian keeps servers in folders that an ordinary user's PATH leaves out. */
const SERVER_FOLDERS = ["/usr/local/bin", "/usr/bin", "/usr/local/sbin", "/usr/sbin", "/opt/homebrew/bin"]

/** The full path of a program in PATH, in the usual folders for servers, or in one of `more`. */
export const findBinary = (name: string, more: ReadonlyArray<string> = []): string | undefined => {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "")
  const file = process.platform === "win32" ? `${name}.exe` : name
  return [...path, ...SERVER_FOLDERS, ...more].map((folder) => join(folder, file)).find(isProgram)
}

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    // Absent, or not ours to run: the next folder may have it.
    return false
  }
}
