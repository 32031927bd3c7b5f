import { farHomeOf, type World } from "../home/World.ts"

/** What absolute addresses begin with, without a slash at the end; the front's settings have both. */
export interface Addresses {
  readonly publicUrl: string
  /** Of pictures; the front serves them itself unless set. */
  readonly mediaUrl?: string
  /** The same of a picture that another datacenter has, by its id; undefined for own ones. */
  readonly farMediaUrl?: (id: bigint) => string | undefined
}

/** The same where there are other datacenters: where one names no address of its pictures, any front passes them on. */
export const among = <A extends Addresses>(addresses: A, world: World | undefined): A => {
  if (world === undefined) return addresses
  const passedOn = `${addresses.publicUrl}/media`
  return {
    ...addresses,
    farMediaUrl: (id) => {
      const home = farHomeOf(world, id)
      return home === undefined ? undefined : world.media?.[home] ?? passedOn
    }
  }
}
