/** What the routes of moderators share: who may call them, and what each of their acts says of itself. */
import * as Moderation from "@rookery/domain/Moderation"
import type { Act } from "@rookery/store/ModerationStore"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import { forbidden, invalid } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { documented, personal, type Request, type Route, type RouteDoc } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import * as Text from "../render/Text.ts"

type Handle = Parameters<typeof personal>[3]

export const notAllowed = forbidden("This action is not allowed")

/** A route for admins, who need the scope besides; what they are is read anew at each call. */
export const administrative = (
  deps: Deps,
  method: Route["method"],
  pattern: string,
  scope: string,
  doc: RouteDoc,
  handle: Handle
): Route =>
  documented(
    personal(method, `/api/x/admin/${pattern}`, scope, (request, me) =>
      Effect.flatMap(deps.accounts.byIds([me.id]), ([row]) => row?.admin === true ? handle(request, me) : Effect.fail(notAllowed))),
    doc
  )

const decodeReason = Input.decoder(Schema.Struct({ reason: Schema.optionalKey(Schema.NullOr(Input.Text)) }))

/** For the documentation of what takes a reason. */
export const reasonField = { reason: `Why; kept in the log, at most ${Moderation.commentMax} characters` }

/** Who acts, and the reason that they give. */
export const actOf = (request: Request, me: Account) =>
  Effect.flatMap(decodeReason(request.fields), ({ reason }) =>
    Text.fits(reason ?? "", Moderation.commentMax)
      ? Effect.succeed<Act>({ by: me.id, reason: reason ?? "" })
      : Effect.fail(invalid(`Validation failed: Reason is too long (maximum is ${Moderation.commentMax} characters)`)))
