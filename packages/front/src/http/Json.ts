/** JSON as clients send it. */

const integer = /^-?[0-9]+$/

/** Without as many digits in a row there is no integer beyond 2^53, and no need to look at every value. */
const manyDigits = /[0-9]{16}/

/**
 * Parses JSON without loss of digits: an integer beyond 2^53 comes as the string of its digits, since some
 * clients send ids as numbers. Throws `SyntaxError`.
 */
export const parseLossless = (text: string): unknown =>
  manyDigits.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)

const keepDigits = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === "number" && !Number.isSafeInteger(value) && context?.source !== undefined && integer.test(context.source)
    ? context.source
    : value
