/** Leases in memory, on the test's clock as the database's, with switches for what can go wrong. */
import { LeaseStore, type MachineLease } from "@rookery/store/LeaseStore"
import { StoreError } from "@rookery/store/StoreError"
import { Effect, Layer } from "effect"
import { Clock } from "effect"

interface Row {
  holder: string | undefined
  expiresAt: number
  highWater: number
}

export interface LeaseTable {
  readonly rows: Map<number, Row>
  readonly calls: { acquire: number; renew: number; release: number }
  /** While true every call fails. */
  isDown: boolean
  /** Added to the clock's time. */
  databaseSkew: number
}

export const make = (): LeaseTable => ({
  rows: new Map(),
  calls: { acquire: 0, renew: 0, release: 0 },
  isDown: false,
  databaseSkew: 0
})

const operation = <A>(table: LeaseTable, name: keyof LeaseTable["calls"], run: (now: number) => A) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    table.calls[name]++
    return table.isDown
      ? Effect.fail(new StoreError({ operation: name, cause: new Error("down") }))
      : Effect.succeed(run(now + table.databaseSkew))
  })

const write = (
  table: LeaseTable,
  machine: number,
  holder: string,
  now: number,
  leaseMillis: number,
  aheadMillis: number
): MachineLease => {
  const startAbove = table.rows.get(machine)?.highWater ?? 0
  const row = { holder, expiresAt: now + leaseMillis, highWater: Math.max(startAbove, now + aheadMillis) }
  table.rows.set(machine, row)
  return { machine, holder, expiresAt: row.expiresAt, highWater: row.highWater, startAbove, databaseNow: now }
}

export const layer = (table: LeaseTable) =>
  Layer.succeed(LeaseStore, {
    acquire: (block, holder, leaseMillis, aheadMillis) =>
      operation(table, "acquire", (now) => {
        for (let machine = block.first; machine <= block.last; machine++) {
          const row = table.rows.get(machine)
          if (row?.holder !== undefined && row.expiresAt > now) continue
          return write(table, machine, holder, now, leaseMillis, aheadMillis)
        }
        return undefined
      }),
    renew: (machine, holder, leaseMillis, aheadMillis) =>
      operation(table, "renew", (now) =>
        table.rows.get(machine)?.holder === holder
          ? write(table, machine, holder, now, leaseMillis, aheadMillis)
          : undefined),
    release: (machine, holder) =>
      operation(table, "release", () => {
        const row = table.rows.get(machine)
        if (row?.holder === holder) row.holder = undefined
      })
  })
