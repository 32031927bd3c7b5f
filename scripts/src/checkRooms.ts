/** `node scripts/src/checkRooms.ts`: refuses imports against the direction of the rooms; see `rooms/rules.ts`. */
import { fileURLToPath } from "node:url"
import { checkProject } from "./rooms/check.ts"

const { files, problems } = await checkProject(fileURLToPath(new URL("../..", import.meta.url)))
for (const problem of problems) console.error(problem)
console.log(`${files} files, ${problems.length} against the direction of the rooms`)
process.exitCode = problems.length === 0 ? 0 : 1
