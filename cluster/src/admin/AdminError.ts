import { Data } from "effect"

/** What an operator asked for cannot be done; the message says why and what to do. */
export class AdminError extends Data.TaggedError("AdminError")<{ readonly message: string }> {}
