// Loaded before a program (--import): it does not find the programs of this machine that HIDDEN_PROGRAMS names.
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { basename } from "node:path"

const hidden = new Set((process.env.HIDDEN_PROGRAMS ?? "").split(" "))
const { accessSync } = fs
fs.accessSync = (path, mode) => {
  if (hidden.has(basename(path))) throw new Error(`${path} is hidden`)
  accessSync(path, mode)
}
syncBuiltinESMExports()
