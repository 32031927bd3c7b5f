/** Client programs that were registered in another datacenter: asked for once, and kept. And whose an e-mail address is. */
import * as HomeAsks from "@rookery/protocol/HomeAsks"
import type { AccountStore } from "@rookery/store/AccountStore"
import type { OAuthApp, OAuthStore } from "@rookery/store/OAuthStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import { type ApiError, unavailable } from "../http/Errors.ts"
import * as Secrets from "../oauth/Secrets.ts"
import { answer, ask, type Unanswered } from "./Asking.ts"
import { ofSecret } from "./SecretHome.ts"
import type * as World from "./World.ts"

type OAuth = OAuthStore["Service"]

const unreachable = ({ datacenter }: Unanswered): ApiError =>
  unavailable(`The datacenter ${datacenter}, where this program was registered, cannot be reached, try again later`, 5)

/** The program, from its home; undefined when it is registered nowhere. */
const fetch = (oauth: OAuth, world: World.World, home: number, clientId: string): Effect.Effect<OAuthApp | undefined, ApiError | StoreError> =>
  Effect.gen(function*() {
    const found = yield* Effect.mapError(ask(world, home, HomeAsks.program, { clientId }), unreachable)
    if (found === null || found.clientId !== clientId) return undefined
    yield* oauth.keepApp(found)
    return yield* oauth.appByClientId(clientId)
  })

/** By its id, wherever it was registered. Ids that no datacenter makes are asked of nobody. */
export const find = (oauth: OAuth, world: World.World | undefined, clientId: string): Effect.Effect<OAuthApp | undefined, ApiError | StoreError> =>
  Effect.flatMap(oauth.appByClientId(clientId), (known): Effect.Effect<OAuthApp | undefined, ApiError | StoreError> => {
    const home = known === undefined && world !== undefined && Secrets.isSecret(clientId) ? ofSecret(world, clientId) : undefined
    return home === undefined ? Effect.succeed(known) : fetch(oauth, world!, home, clientId)
  })

/** Answers such questions of other datacenters, until the scope closes. */
export const serve = ({ accounts, oauth }: { readonly accounts: AccountStore["Service"]; readonly oauth: OAuth }, world: World.World) =>
  Effect.andThen(
    answer(world, HomeAsks.program, ({ clientId }) =>
      Effect.map(oauth.appByClientId(clientId), (app) => {
        if (app === undefined) return null
        const { id: _, ...told } = app
        return told
      })),
    answer(world, HomeAsks.address, ({ email }) =>
      Effect.map(accounts.credentials(email), (found) => ({ known: found !== undefined })))
  )
