/** What a figure was measured on: without it the figure means nothing. */
import { readFile } from "node:fs/promises"
import { cpus, release, totalmem, type } from "node:os"

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** ISO 8601, UTC. */
  readonly measuredAt: string
  /** Load of the last minute before the run: what else the machine was doing. */
  readonly loadBefore: number
}

export const describe = async (): Promise<Machine> => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${type()} ${release()}`,
  node: process.version,
  measuredAt: new Date().toISOString(),
  loadBefore: await loadOfLastMinute()
})

const loadOfLastMinute = async (): Promise<number> => {
  const text = await readFile("/proc/loadavg", "utf8").catch(() => "")
  return Number.parseFloat(text) || 0
}

export const line = (machine: Machine): string =>
  `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, ` +
  `load before ${machine.loadBefore}, ${machine.measuredAt}`
