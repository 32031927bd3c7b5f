/** Folders, with those that they are in. */
import { mkdir, stat } from "node:fs/promises"
import { dirname, resolve } from "node:path"

const isFolder = (path: string): Promise<boolean> => stat(path).then((found) => found.isDirectory(), () => false)

/**
 * As `mkdir -p`; rejects with what the system says of the folder that cannot be made. Node's own (`recursive`, seen with v24) tries for ever where the
 * parent is there and nothing can be made in it, as in /proc.
 */
export const makeFolder = async (path: string): Promise<void> => {
  const folder = resolve(path)
  if (await isFolder(folder)) return
  const parent = dirname(folder)
  if (parent !== folder) await makeFolder(parent)
  await mkdir(folder).catch(async (error: unknown) => {
    // Somebody else may have made it just now.
    if (!(await isFolder(folder))) throw error
  })
}
