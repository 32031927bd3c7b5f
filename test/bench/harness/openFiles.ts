/** Whether this shell lets a process open as many sockets as a bench wants. */
import { Effect } from "effect"
import { readFile } from "node:fs/promises"

/** Of libraries, logs, epoll, and the cluster's own sockets. */
const others = 500

/** Node takes all that it may have at its start, so the soft limit is the hard one. */
const limit = async (): Promise<number> => {
  const text = await readFile("/proc/self/limits", "utf8").catch(() => "")
  const soft = /^Max open files +(\d+)/m.exec(text)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

/** Fails with what to do about it. Members and children have the same limit as this process. */
export const requireOpenFiles = (sockets: number): Effect.Effect<void, Error> =>
  Effect.flatMap(Effect.promise(limit), (allowed) =>
    allowed >= sockets + others ? Effect.void : Effect.fail(new Error(
      `${sockets} sockets need ${sockets + others} open files, and this shell allows ${allowed}: run \`ulimit -n ${sockets + others}\` ` +
        "first (as root, or after raising nofile in /etc/security/limits.conf), or give fewer sockets")))
