/** The people who have streams open at this front, by local number and by shard. */
import type { Account } from "../oauth/Identity.ts"
import type { Client } from "./Client.ts"

export interface Person {
  readonly account: Account
  /** Most have one. */
  clients: Client | ReadonlyArray<Client>
  /** Clients that are on their way in. */
  entering: number
  /** Whether the person's shard knows that they are here. */
  connected: boolean
}

export interface People {
  readonly byNo: Map<number, Person>
  readonly byShard: Map<number, Map<number, Person>>
}

export const make = (): People => ({ byNo: new Map(), byShard: new Map() })

const nobody: ReadonlyArray<Client> = []

/** The person of a client that is on its way in; `settle` must follow. */
export const expect = (people: People, account: Account): Person => {
  const known = people.byNo.get(account.no)
  if (known !== undefined) {
    known.entering++
    return known
  }
  const person: Person = { account, clients: nobody, entering: 1, connected: false }
  people.byNo.set(account.no, person)
  const shard = people.byShard.get(account.shard) ?? new Map<number, Person>()
  shard.set(account.no, person)
  people.byShard.set(account.shard, shard)
  return person
}

const setClients = (person: Person, clients: ReadonlyArray<Client>): void => {
  person.clients = clients.length === 1 ? clients[0]! : clients
}

/** Forgets a person without clients; true when it did. */
const forget = (people: People, person: Person): boolean => {
  if (person.entering > 0 || clientsOf(person).length > 0) return false
  people.byNo.delete(person.account.no)
  people.byShard.get(person.account.shard)?.delete(person.account.no)
  return true
}

export const add = (person: Person, client: Client): void => setClients(person, [...clientsOf(person), client])

/** A client has come in, or has not; true when the person is gone with it. */
export const settle = (people: People, person: Person): boolean => {
  person.entering--
  return forget(people, person)
}

/** Takes a client out; answers its person when that was their last. */
export const remove = (people: People, client: Client): Person | undefined => {
  const person = people.byNo.get(client.account.no)
  if (person === undefined) return undefined
  setClients(person, clientsOf(person).filter((other) => other !== client))
  return forget(people, person) ? person : undefined
}

export const clientsOf = (person: Person): ReadonlyArray<Client> =>
  "socket" in person.clients ? [person.clients] : person.clients

/** Everybody of a shard has to be told to it again. */
export const disconnectAll = (people: People, shard: number): void => {
  for (const person of people.byShard.get(shard)?.values() ?? []) person.connected = false
}

export const unconnected = (people: People, shard: number): Array<Person> => {
  const list: Array<Person> = []
  for (const person of people.byShard.get(shard)?.values() ?? []) if (!person.connected) list.push(person)
  return list
}
