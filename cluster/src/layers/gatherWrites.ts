/** Writes that come together go together. */
import type { Duplex } from "node:stream"

/**
 * Makes one system call of what is written to a socket within one turn of the event loop: answers to calls that a group commit ends, for
 * example, each of which was a call of its own. The rest of the turn is all that anything waits. Answers the same socket.
 */
export const gatherWrites = <S extends Duplex>(socket: S): S => {
  const write = socket.write.bind(socket) as (...args: ReadonlyArray<unknown>) => boolean
  let isCorked = false
  const uncork = () => {
    isCorked = false
    socket.uncork()
  }
  const gathering = (...args: ReadonlyArray<unknown>): boolean => {
    if (!isCorked) {
      isCorked = true
      socket.cork()
      process.nextTick(uncork)
    }
    return write(...args)
  }
  return Object.assign(socket, { write: gathering })
}
