/** Programs that are told by settings alone: a word on their command line is a mistake, which is better said than passed over. */

/** Ends the process with the usage: with code 0 where it was asked for, with 2 where anything else was said. */
export const refuseArguments = (usage: string): void => {
  const [first] = process.argv.slice(2)
  if (first === undefined) return
  if (first === "--help" || first === "-h") {
    console.log(usage)
    process.exit(0)
  }
  console.error(`"${first}" is not understood\n\n${usage}`)
  process.exit(2)
}
