/** Where a request comes from: the peer, or whom the proxies that are trusted name. */
import type { IncomingMessage } from "node:http"
import { BlockList, isIP } from "node:net"

export type ClientAddress = (request: IncomingMessage) => string

/** Addresses in one `X-Forwarded-For` that are looked at, from its end. */
const hopsMax = 16

const familyOf = (address: string): "ipv4" | "ipv6" => isIP(address) === 6 ? "ipv6" : "ipv4"

const listOf = (networks: ReadonlyArray<string>): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = "", bits] = network.split("/")
    if (bits === undefined) list.addAddress(address, familyOf(address))
    else list.addSubnet(address, Number(bits), familyOf(address))
  }
  return list
}

/** IPv4 inside of IPv6 is IPv4. */
const plain = (address: string): string => address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address

/**
 * `trusted` are addresses and networks (`10.0.0.0/8`) of our own proxies. The header is read from its end, since
 * everything before what our proxies added is whatever the client wrote.
 */
export const make = (trusted: ReadonlyArray<string>): ClientAddress => {
  const proxies = listOf(trusted)
  const isProxy = (address: string): boolean => isIP(address) !== 0 && proxies.check(address, familyOf(address))
  return (request) => {
    let address = plain(request.socket.remoteAddress ?? "")
    const header = request.headers["x-forwarded-for"]
    if (header === undefined || !isProxy(address)) return address
    const hops = String(header).split(",").slice(-hopsMax)
    for (let hop = hops.pop(); hop !== undefined && isProxy(address); hop = hops.pop()) {
      const next = plain(hop.trim())
      if (isIP(next) === 0) break
      address = next
    }
    return address
  }
}

/** The network that one customer has: an IPv4 address, or the first 64 bits of an IPv6 one. */
export const networkOf = (address: string): string => {
  if (isIP(address) !== 6) return address
  const [head = "", tail] = address.split("%", 1)[0]!.split("::")
  const left = head === "" ? [] : head.split(":")
  const right = tail === undefined || tail === "" ? [] : tail.split(":")
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0")
  return [...left, ...zeros, ...right].slice(0, 4).map((part) => Number.parseInt(part, 16).toString(16)).join(":")
}
