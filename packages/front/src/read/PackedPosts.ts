/**
 * Posts behind the cache of renderings, in less than a fourth of what they take there. Those with pictures are not kept here.
 */
import * as ByteLog from "@rookery/domain/ByteLog"
import * as Metrics from "@rookery/observe/Metrics"
import type { Addresses } from "../render/Addresses.ts"
import * as Status from "../render/Status.ts"
import type { Behind } from "./FillCache.ts"
import * as Heat from "./Heat.ts"
import * as PostBytes from "./PostBytes.ts"

/** At most `logBytes` of them; what was kept first goes first. What is not hot costs less here than what it would drive out of the cache in front. */
export const make = (logBytes: number, addresses: Addresses): Behind<bigint, Status.RenderedPost> => {
  const log = ByteLog.make(logBytes)
  const heat = Heat.make()
  return {
    get: (id, now) => {
      const isHot = heat.ask(id, now)
      const found = log.get(id, now)
      if (found === undefined) return undefined
      Metrics.renderCachePacked.value++
      const { post, username } = PostBytes.unpack(id, found)
      return { value: Status.render(post, username, addresses), until: found.until, isHot }
    },
    put: (id, { post, username }, until) => {
      const bytes = PostBytes.pack(post, username)
      if (bytes !== undefined) return log.put(id, bytes, until) && !heat.was(id)
      log.delete(id)
      return false
    },
    delete: log.delete,
    clear: log.clear
  }
}
