/** Tables for the terminal and for Markdown. */

export type Cell = string | number

export interface Table {
  readonly title: string
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<Cell>>
}

const thousands = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 })

/** Three digits that matter, and no more than the figure deserves. */
export const format = (cell: Cell): string => {
  if (typeof cell === "string") return cell
  if (cell === 0 || Number.isInteger(cell) || Math.abs(cell) >= 1000) return thousands.format(cell)
  return String(Number(cell.toPrecision(3)))
}

/** Text with aligned columns: figures to the right, words to the left. */
export const render = (table: Table): string => {
  const cells = table.rows.map((row) => row.map(format))
  const widths = table.columns.map((column, i) => Math.max(column.length, ...cells.map((row) => row[i]?.length ?? 0)))
  const isFigure = table.columns.map((_, i) => table.rows.every((row) => typeof row[i] === "number"))
  const put = (row: ReadonlyArray<string>) =>
    row.map((cell, i) => isFigure[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)).join("  ").trimEnd()
  const rule = widths.map((width) => "─".repeat(width)).join("──")
  return [table.title, rule, put(table.columns), rule, ...cells.map(put), rule].join("\n")
}
