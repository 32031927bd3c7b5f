/** What an actor may answer besides success. */
import { Schema } from "effect"

/** The actor could not do it now and changed nothing that the caller can see; the same request, with the same key, may be sent again. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", {
  reason: Schema.String
}) {}

/** The post or account that the request names is not there, or not for this asker. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {
  what: Schema.String
}) {}

/** The request can never succeed as it stands. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  reason: Schema.String
}) {}
