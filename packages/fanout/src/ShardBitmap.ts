/** The shards that a fan-out has reached, one bit each, as the outbox row keeps them. */

export const make = (shardCount: number, from: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const bits = new Uint8Array((shardCount >> 3) + 1)
  bits.set(from.subarray(0, bits.length))
  return bits
}

export const has = (bits: Uint8Array, shard: number): boolean => ((bits[shard >> 3] ?? 0) & (1 << (shard & 7))) !== 0

export const add = (bits: Uint8Array, shard: number): void => {
  bits[shard >> 3] = bits[shard >> 3]! | (1 << (shard & 7))
}
