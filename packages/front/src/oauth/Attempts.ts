/** Counts attempts by key in a window of time, in bounded memory: what guessing of passwords is slowed down by. */

/** A bound that was reached; times are milliseconds since 1970. */
export interface Exceeded {
  readonly limit: number
  readonly resetAt: number
}

export interface Attempts {
  /** Counts one; says so when the key already had `limit` in its window. */
  readonly take: (key: string, limit: number) => Exceeded | undefined
  /** Takes one count back. */
  readonly giveBack: (key: string) => void
  readonly forget: (key: string) => void
  readonly size: () => number
}

interface Window {
  count: number
  readonly resetAt: number
}

/** A key's window begins with its first attempt. Beyond `keysMax` the oldest window is forgotten. */
export const make = (millis: number, keysMax: number, now: () => number = Date.now): Attempts => {
  /** In the order of their ends, since all are equally long. */
  const windows = new Map<string, Window>()

  const makeRoom = (time: number): void => {
    for (const [key, window] of windows) {
      if (window.resetAt > time && windows.size < keysMax) return
      windows.delete(key)
    }
  }
  const open = (key: string, time: number): Window => {
    windows.delete(key)
    makeRoom(time)
    const window = { count: 0, resetAt: time + millis }
    windows.set(key, window)
    return window
  }

  return {
    take: (key, limit) => {
      const time = now()
      const known = windows.get(key)
      const window = known !== undefined && known.resetAt > time ? known : open(key, time)
      if (window.count >= limit) return { limit, resetAt: window.resetAt }
      window.count++
      return undefined
    },
    giveBack: (key) => {
      const window = windows.get(key)
      if (window !== undefined && window.count > 0) window.count--
    },
    forget: (key) => void windows.delete(key),
    size: () => windows.size
  }
}
