/** JSON as clients send it. */

const integer = /^-?[0-9]+$/

/**
 * Parses JSON without loss of digits: an integer beyond 2^53 comes as the string of its digits, since some
 * clients send ids as numbers. Throws `SyntaxError`.
 */
export const parseLossless = (text: string): unknown =>
  JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && context?.source !== undefined && integer.test(context.source)
      ? context.source
      : value)
