/** Every vitest test in one run, and its count. */
import { Effect, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { run } from "./childProgram.ts"

export interface TestCount {
  readonly passed: number
  /** Files that could not be run count as one test each. */
  readonly failed: number
  /** Skipped and to do. */
  readonly skipped: number
}

/** The part of vitest's JSON report that is read here. */
const Report = Schema.Struct({
  numPassedTests: Schema.Number,
  numFailedTests: Schema.Number,
  numPendingTests: Schema.Number,
  numTodoTests: Schema.Number,
  testResults: Schema.Array(Schema.Struct({ status: Schema.String, assertionResults: Schema.Array(Schema.Unknown) }))
})

const decodeReport = Schema.decodeUnknownSync(Schema.fromJsonString(Report))

/** Runs vitest with further `args`; its output goes to our terminal, its report into `folder`. */
export const runVitest = Effect.fnUntraced(function*(
  root: string,
  folder: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>
) {
  const reportFile = join(folder, "vitest.json")
  const { code } = yield* run({
    script: "node_modules/vitest/vitest.mjs",
    args: ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`, ...args],
    cwd: root,
    env,
    isShown: true
  })
  const count = yield* Effect.promise(() => readCount(reportFile))
  return { ...count, isGood: code === 0 && count.failed === 0 && count.passed > 0 }
})

const readCount = async (file: string): Promise<TestCount> => {
  const text = await readFile(file, "utf8").catch(() => undefined)
  if (text === undefined) {
    console.error("vitest ended without a report")
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const report = decodeReport(text)
  const brokenFiles = report.testResults.filter(({ assertionResults, status }) =>
    status === "failed" && assertionResults.length === 0
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests
  }
}
