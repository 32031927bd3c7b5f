/** What fronts of one datacenter ask fronts of another: about names, client programs and log-ins. JSON both ways. */
import { Effect, Schema } from "effect"

const Text = (lengthMax: number) => Schema.String.check(Schema.isMaxLength(lengthMax))

/** Of a name in the form in which names are compared; some letters grow in it. */
const Key = Text(200)
const Id = Schema.String.check(Schema.isPattern(/^\d{1,19}$/))

/** One kind of question: its subject, and the codecs of both ways. */
export interface Kind<Q, A> {
  readonly name: string
  readonly question: Schema.Codec<Q, string>
  readonly answer: Schema.Codec<A, string>
}

/** Of one question; long names leave room for fewer. */
export const claimsMax = 1_000

const Claimed = Schema.Struct({ key: Key, account: Id })
export type Claimed = typeof Claimed.Type
const Claims = Schema.Array(Claimed).check(Schema.isMaxLength(claimsMax))

/** In the order of the claims. */
const Answers = Schema.fromJsonString(Schema.Struct({ yes: Schema.Array(Schema.Boolean).check(Schema.isMaxLength(claimsMax)) }))

/** To the datacenter that decides about the names. Only the accounts' home may ask. No: the name is another's. */
export const claim = {
  name: "claim",
  question: Schema.fromJsonString(Schema.Struct({ step: Schema.Literals(["reserve", "confirm", "release"]), claims: Claims })),
  answer: Answers
}

/** To the accounts' home, after reservations that ran out: do they exist? Those that do not never will. */
export const claimed = { name: "claimed", question: Schema.fromJsonString(Schema.Struct({ claims: Claims })), answer: Answers }

/** To where a client program was registered. Programs never change. */
export const program = {
  name: "program",
  question: Schema.fromJsonString(Schema.Struct({ clientId: Text(200) })),
  answer: Schema.fromJsonString(Schema.NullOr(Schema.Struct({
    clientId: Text(200),
    secretHash: Text(64),
    name: Text(200),
    website: Schema.NullOr(Text(2_000)),
    redirectUris: Schema.Array(Text(2_000)).check(Schema.isMaxLength(20)),
    scopes: Text(10_000)
  })))
}

/** To all others: whose is this e-mail address? */
export const address = {
  name: "address",
  question: Schema.fromJsonString(Schema.Struct({ email: Text(320) })),
  answer: Schema.fromJsonString(Schema.Struct({ known: Schema.Boolean }))
}

const utf8 = { encode: new TextEncoder(), decode: new TextDecoder() }

/** What we say ourselves fits its schema. */
export const encode = <T>(codec: Schema.Codec<T, string>, value: T): Uint8Array =>
  utf8.encode.encode(Schema.encodeSync(codec)(value))

/** Fails with what is wrong, for people. */
export const decode = <T>(codec: Schema.Codec<T, string>, data: Uint8Array): Effect.Effect<T, string> =>
  Schema.decodeEffect(codec)(utf8.decode.decode(data)).pipe(Effect.mapError((error) => error.message.slice(0, 200)))
