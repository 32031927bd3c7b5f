/**
 * How programs log: readable lines on a terminal, one JSON object a line elsewhere. Programs choose
 * with `layer`; packages only log. A line's message is one of `names`; what varies is in its annotations:
 * `Effect.logWarning(Logs.names.busUnreachable).pipe(Effect.annotateLogs({ attempt }))`.
 */
import { Layer, Logger, References } from "effect"
import * as Outages from "./Outages.ts"

export const formats = ["auto", "pretty", "json"] as const
export type Format = (typeof formats)[number]

/** From most to least; `None` is silence. */
export const levels = ["All", "Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"] as const
export type Level = (typeof levels)[number]

export interface LogOptions {
  /** `auto` is `pretty` on a terminal and `json` elsewhere. */
  readonly format: Format
  readonly level: Level
  readonly isTerminal: boolean
}

/** Whether a person reads the lines. */
export const isPretty = (options: LogOptions): boolean =>
  options.format === "pretty" || (options.format === "auto" && options.isTerminal)

/** Writes what an outage that is known does not explain; the outage itself has lines of its own. */
const unlessHeldBack = (logger: Logger.Logger<unknown, void>): Logger.Logger<unknown, void> =>
  Logger.make((line) => {
    const isOfTrouble = line.logLevel === "Warn" || line.logLevel === "Error"
    if (!isOfTrouble || !Outages.holdsBack(line.cause, line.message)) logger.log(line)
  })

/** Replaces the loggers and sets the level of everything under it. */
export const layer = (options: LogOptions): Layer.Layer<never> =>
  Layer.mergeAll(
    Logger.layer([
      unlessHeldBack(isPretty(options) ? Logger.consolePretty({ mode: "tty", colors: options.isTerminal }) : Logger.consoleJson)
    ]),
    Layer.succeed(References.MinimumLogLevel, options.level)
  )

/** What happened, in words that do not change: search logs by them. */
export const names = {
  starting: "starting",
  ready: "ready",
  stopping: "stopping",
  stopped: "stopped",
  dependencyRetry: "a dependency does not answer yet",
  dependencyLost: "a dependency is gone",
  dependencyAway: "a dependency is still gone",
  dependencyStumbled: "a connection to a dependency broke and was made anew",
  dependencyBack: "a dependency answers again",
  leaseAcquired: "machine lease acquired",
  leaseLost: "machine lease lost",
  leaseBlockFull: "every machine of the block is leased",
  leaseRenewalFailed: "machine lease not renewed",
  memberEnded: "a member of the cluster ended: what is kept of posts is loaded anew, little by little",
  busLost: "messages on the bus may have been lost",
  busMessageBroken: "a message on the bus could not be read",
  linkLost: "another datacenter does not answer",
  linkBack: "another datacenter answers again",
  linkBroken: "the stream of this datacenter could not be looked after",
  linkRefused: "a message of another datacenter was refused",
  processPaused: "the process stood still",
  fanoutFailed: "fan-out failed and will be repeated",
  outboxSwept: "outbox rows taken up again",
  importSeen: "something was imported; memory is filled anew",
  modeChanged: "fan-out mode changed",
  snapshotFailed: "timeline snapshot failed",
  handlerDied: "a handler died",
  requestFailed: "a request failed",
  streamDropped: "a client's stream was closed"
} as const
