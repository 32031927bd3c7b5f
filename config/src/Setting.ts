/** One setting: its name, what it is for, what it may be, and how its text is read. */
import { Redacted } from "effect"

export interface Setting<A> {
  /** Of the environment variable. */
  readonly name: string
  readonly doc: string
  /** In words, as the message about a wrong value says it. */
  readonly allowed: string
  readonly fallback: A
  /** Undefined when the text is not allowed. */
  readonly read: (text: string) => A | undefined
  /** Nothing of what was given is shown, also when it is not allowed. */
  readonly isSecret?: true
  /** How a value is shown to people; passwords are not. */
  readonly show: (value: A) => string
}

interface About<A> {
  readonly fallback: A
  readonly doc: string
}

const showAny = (value: unknown): string => value === undefined ? "" : String(value)

/** A whole number of decimal digits within inclusive bounds. */
export const integer = (name: string, minimum: number, maximum: number, about: About<number>): Setting<number> => ({
  ...about,
  name,
  allowed: `a whole number from ${minimum} to ${maximum}`,
  read: (text) => {
    const value = Number(text)
    return /^-?[0-9]{1,15}$/.test(text) && value >= minimum && value <= maximum ? value : undefined
  },
  show: showAny
})

const isPrime = (n: number): boolean => {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false
  return n > 1
}

export const prime = (name: string, minimum: number, maximum: number, about: About<number>): Setting<number> => {
  const whole = integer(name, minimum, maximum, about)
  const read = (text: string) => {
    const value = whole.read(text)
    return value !== undefined && isPrime(value) ? value : undefined
  }
  return { ...whole, allowed: `a prime number from ${minimum} to ${maximum}`, read }
}

/** A fraction within inclusive bounds. */
export const share = (name: string, minimum: number, maximum: number, about: About<number>): Setting<number> => ({
  ...about,
  name,
  allowed: `a number from ${minimum} to ${maximum}`,
  read: (text) => {
    const value = Number(text)
    return /^[0-9]+(\.[0-9]+)?$/.test(text) && value >= minimum && value <= maximum ? value : undefined
  },
  show: showAny
})

export const oneOf = <const A extends string>(name: string, values: ReadonlyArray<A>, about: About<NoInfer<A>>): Setting<A> => ({
  ...about,
  name,
  allowed: `one of ${values.join(", ")}`,
  read: (text) => values.find((value) => value.toLowerCase() === text.toLowerCase()),
  show: showAny
})

export const boolean = (name: string, about: About<boolean>): Setting<boolean> => {
  const values: Record<string, boolean> = { true: true, "1": true, yes: true, false: false, "0": false, no: false }
  return {
    ...about,
    name,
    allowed: "true or false",
    read: (text) => Object.hasOwn(values, text.toLowerCase()) ? values[text.toLowerCase()] : undefined,
    show: showAny
  }
}

/** A setting that may be left out, and what holds then, in words. */
export const maybe = <A>(setting: Setting<A>, otherwise: string): Setting<A | undefined> => ({
  ...setting,
  fallback: undefined,
  show: (value) => value === undefined ? otherwise : setting.show(value)
})

/** Any text of at most `lengthMax` characters that matches `pattern`; `allowed` says it in words. */
export const text = (
  name: string,
  about: About<string> & { readonly allowed: string; readonly pattern: RegExp; readonly lengthMax: number }
): Setting<string> => ({
  name,
  doc: about.doc,
  fallback: about.fallback,
  allowed: about.allowed,
  read: (value) => value.length <= about.lengthMax && about.pattern.test(value) ? value : undefined,
  show: showAny
})

/** A password or key; may be left out. */
export const secret = (name: string, doc: string): Setting<Redacted.Redacted | undefined> => ({
  name,
  doc,
  isSecret: true,
  fallback: undefined,
  allowed: "1 to 512 characters in one line",
  read: (text) => /^\P{Cc}{1,512}$/u.test(text) ? Redacted.make(text) : undefined,
  show: () => ""
})

/** The address with its password, if any, left out. */
export const withoutPassword = (address: string): string => address.replace(/^((?:[a-z][a-z0-9+.-]*:\/\/)?[^/@:]*):.*@/i, "$1:***@")

/** An address with one of the schemes; may be left out. */
export const url = (
  name: string,
  schemes: ReadonlyArray<string>,
  about: { readonly doc: string; readonly example: string }
): Setting<string | undefined> => ({
  name,
  doc: about.doc,
  fallback: undefined,
  allowed: `an address such as ${about.example}`,
  read: (text) => {
    const parsed = URL.canParse(text) ? new URL(text) : undefined
    return parsed !== undefined && parsed.hostname !== "" && schemes.includes(parsed.protocol) ? text : undefined
  },
  show: (value) => value === undefined ? "" : withoutPassword(value)
})

/** Links and ids are this and a path of ours: nothing else may follow the host. */
export const origin = (setting: Setting<string | undefined>): Setting<string | undefined> => ({
  ...setting,
  allowed: `${setting.allowed}, without a path`,
  read: (value) => {
    const address = setting.read(value)
    return address !== undefined && `${new URL(address).origin}/` === new URL(address).href ? address : undefined
  }
})

/** Items between commas, each of which `isItem`. */
export const list = (
  name: string,
  isItem: (item: string) => boolean,
  about: { readonly doc: string; readonly allowed: string; readonly countMax: number }
): Setting<ReadonlyArray<string>> => ({
  name,
  doc: about.doc,
  fallback: [],
  allowed: about.allowed,
  read: (text) => {
    const items = text.split(",").map((item) => item.trim()).filter((item) => item !== "")
    return items.length <= about.countMax && items.every(isItem) ? items : undefined
  },
  show: (items) => items.join(",")
})
