/**
 * The secrets with which one datacenter's processes use the links: who they are at their own NATS server, as the owner
 * of their own stream and as readers of the others'. A file of its own, since the topology is the same for all and
 * this is not.
 */
import { Effect, Schema } from "effect"
import { readFile } from "node:fs/promises"

const Word = Schema.String.check(Schema.isPattern(/^[^\s:@/]{1,256}$/))
const User = Schema.Struct({ user: Word, password: Word })

/** Paths of PEM files. */
const Tls = Schema.Struct({
  ca: Schema.optionalKey(Schema.String),
  cert: Schema.optionalKey(Schema.String),
  key: Schema.optionalKey(Schema.String)
})

export const LinkCredentials = Schema.Struct({
  /** May publish everything of the own datacenter's. */
  own: User,
  /** By the other datacenters' names: may read what is theirs and ask them. */
  others: Schema.Record(Schema.String, User),
  tls: Schema.optionalKey(Tls)
})
export type LinkCredentials = typeof LinkCredentials.Type

/** Fails with what is wrong, in words that show no secret. `others` are those that there must be a user for. */
export const load = (file: string, others: ReadonlyArray<string>): Effect.Effect<LinkCredentials, string> =>
  Effect.tryPromise({ try: () => readFile(file, "utf8"), catch: () => "there is no such file" }).pipe(
    Effect.flatMap((text) =>
      Effect.mapError(
        Schema.decodeEffect(Schema.fromJsonString(LinkCredentials))(text),
        // The schema's own message would quote what it read.
        () => "it is not of the form {\"own\": {\"user\", \"password\"}, \"others\": {NAME: {\"user\", \"password\"}}}"
      )
    ),
    Effect.flatMap((credentials) => {
      const missing = others.filter((name) => !Object.hasOwn(credentials.others, name))
      return missing.length === 0
        ? Effect.succeed(credentials)
        : Effect.fail(`it has no user for ${missing.join(", ")}`)
    })
  )
