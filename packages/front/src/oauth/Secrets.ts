/**
 * Tokens and client secrets: 256 random bits, of which only the SHA-256 is kept. Among several datacenters the number of
 * the one that keeps it stands before: `2.…`. Who keeps it still judges it; the number only says who is to be asked.
 */
import { hash, randomBytes } from "node:crypto"

export const mint = (home?: number): string => {
  const secret = randomBytes(32).toString("base64url")
  return home === undefined ? secret : `${home}.${secret}`
}

/** What `mint` makes, as a part of a pattern. */
export const pattern = "(?:\\d{1,2}\\.)?[A-Za-z0-9_-]{43}"

const whole = new RegExp(`^${pattern}$`)

export const isSecret = (text: string): boolean => whole.test(text)

/** The number before a secret; undefined when there is none. */
export const homeOf = (secret: string): number | undefined => {
  const dot = secret.indexOf(".")
  return dot > 0 && dot <= 2 && isSecret(secret) ? Number(secret.slice(0, dot)) : undefined
}

/** SHA-256, hex. */
export const digest = (secret: string): string => hash("sha256", secret, "hex")
