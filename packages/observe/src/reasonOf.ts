/** Why something failed, in the words of whoever knew: wrappers say "failed to connect", what they wrap says why. */

const chainMax = 8

const innerOf = (error: unknown): unknown => {
  if (typeof error !== "object" || error === null) return undefined
  if ("reason" in error && error.reason instanceof Error) return error.reason
  return "cause" in error ? error.cause ?? undefined : undefined
}

/** The innermost message. */
export const reasonOf = (error: unknown): string => {
  let innermost = error
  for (let depth = 0; depth < chainMax; depth++) {
    const inner = innerOf(innermost)
    if (inner === undefined) break
    innermost = inner
  }
  return innermost instanceof Error ? innermost.message || innermost.name : String(innermost)
}
