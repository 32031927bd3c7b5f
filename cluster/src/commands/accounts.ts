/** `rookery accounts …` */
import { load } from "@rookery/config/Load"
import * as Datacenters from "@rookery/domain/Datacenters"
import type { AccountRow } from "@rookery/store/AccountStore"
import { Console, Effect, Redacted, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as accounts from "../admin/accounts.ts"
import * as adminLayer from "../admin/adminLayer.ts"
import * as database from "../admin/database.ts"
import * as otherDatacenters from "../admin/otherDatacenters.ts"
import * as adminHints from "../layers/adminHints.ts"

const name = Argument.String("name").pipe(Argument.withDescription("the account's name, without @"))

/** For the log of moderation. */
export const reason = Flag.String("reason").pipe(Flag.withDefault(""), Flag.withDescription("why; kept in the log of moderation"))

const ownPrefix = Effect.map(load, ({ world }) => Datacenters.isSingle(world) ? undefined : world.own)

const create = Command.make("create", {
  name,
  email: Flag.String("email").pipe(Flag.withDescription("address of the person; can be used to log in")),
  password: Flag.Redacted("password").pipe(Flag.withDescription("8 to 128 characters")),
  admin: Flag.Boolean("admin").pipe(Flag.withDefault(false), Flag.withDescription("may administer the server"))
}, ({ admin, email, name, password }) =>
  Effect.flatMap(otherDatacenters.make, (world) =>
    accounts.create({ username: name, email, password: Redacted.value(password), admin }, world)).pipe(
    Effect.scoped,
    Effect.tap((account) => Console.log(`created ${account.username} (id ${account.id}), who can log in now`)),
    adminLayer.withIds
  )).pipe(Command.withDescription("Create an account that can log in at once"))

const token = Command.make("token", { name }, ({ name }) =>
  Effect.flatMap(ownPrefix, (home) => accounts.token(name, home)).pipe(Effect.tap((secret) => Console.log(secret)), adminLayer.withStores)).pipe(
    Command.withDescription("Print a new access token for an account")
  )

const list = Command.make("list", {}, () =>
  Console.log(columns("id", "name", "state", "posts", "followers", "following")).pipe(
    Effect.andThen(Stream.runForEach(accounts.list, (account) => Console.log(describe(account)))),
    adminLayer.withStores
  )).pipe(Command.withDescription("List all accounts"))

const suspend = Command.make("suspend", { name, reason }, (input) => setSuspended(input, true)).pipe(
  Command.withDescription("Lock an account out and hide all that is its, reposts by others included; nothing is deleted"),
  Command.withAlias("disable")
)

const unsuspend = Command.make("unsuspend", { name, reason }, (input) => setSuspended(input, false)).pipe(
  Command.withDescription("End a suspension: everything is back as it was"),
  Command.withAlias("enable")
)

const remove = Command.make("delete", { name }, ({ name }) =>
  lockOut(name).pipe(
    Effect.andThen(accounts.remove(name)),
    Effect.tap(tell),
    Effect.tap((account) => Console.log(`deleted ${account.username}, posts: ${account.statuses}`)),
    adminLayer.withStores
  )).pipe(Command.withDescription("Delete an account with all that is its, for good"))

const setSuspended = ({ name, reason }: { readonly name: string; readonly reason: string }, suspended: boolean) =>
  accounts.setSuspended(name, suspended, reason).pipe(
    Effect.tap(({ account }) => tell(account)),
    Effect.tap(({ account: { username }, changed }) =>
      Console.log(`${username} is ${changed ? "" : "already "}${suspended ? "suspended" : "not suspended"}`)),
    adminLayer.withStores
  )

/** To delete an account that has much takes long: it is not heard or seen meanwhile. */
const lockOut = (name: string) =>
  Effect.flatMap(accounts.setSuspended(name, true, "deleted by an operator"), ({ account }) => tell(account))

/** Tokens stop, and streams end, at once. */
const tell = Effect.fnUntraced(function*(account: AccountRow) {
  const natsUrl = yield* database.findNats(yield* load)
  yield* adminHints.announce({ _tag: "AccountChanged", accountIds: [`${account.id}`] }, natsUrl)
})

const columns = (...[id, name, state, posts, followers, following]: ReadonlyArray<string>): string =>
  `${id!.padEnd(20)} ${name!.padEnd(30)} ${state!.padEnd(9)} ${posts!.padStart(8)} ${followers!.padStart(10)} ${following!.padStart(10)}`

const describe = (account: AccountRow): string =>
  columns(
    `${account.id}`,
    account.username,
    account.disabledAt !== null ? "suspended" : account.admin ? "admin" : "",
    `${account.statuses}`,
    `${account.followers}`,
    `${account.following}`
  )

export const command = Command.make("accounts").pipe(
  Command.withDescription("Create, list, suspend and delete accounts"),
  Command.withSubcommands([create, token, list, suspend, unsuspend, remove])
)
