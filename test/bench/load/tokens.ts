/** Access tokens of a bench's people, by their index in its graph: as long as real ones. */
export const tokenOf = (index: number): string => `bench-token-${index}`.padEnd(43, "x")
