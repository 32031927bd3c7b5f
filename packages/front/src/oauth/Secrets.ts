/** Tokens and client secrets: 256 random bits, of which only the SHA-256 is kept. */
import { hash, randomBytes } from "node:crypto"

export const mint = (): string => randomBytes(32).toString("base64url")

/** SHA-256, hex. */
export const digest = (secret: string): string => hash("sha256", secret, "hex")
