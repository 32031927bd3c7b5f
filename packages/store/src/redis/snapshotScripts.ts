/**
 * A snapshot crosses the wire as one packed value each way, and stands in Redis as a sorted set: a command argument, or an answer,
 * for each of 800 entries would be an object for each in the runner. Scripts run whole, so that nobody sees
 * a set without the hash that says what it means.
 */

/**
 * KEYS: set, hash. ARGV: members packed, newest first; bytes of one; version, floor, below; seconds until it is gone.
 *
 * A member begins with its id. A score is a double, which takes the id's upper 52 bits without loss; ids that differ below
 * that share a score, and Redis orders those by their bytes, which is the order of ids too.
 */
export const save = `
local packed, width = ARGV[1], tonumber(ARGV[2])
local scored, n = {}, 0
for at = 1, #packed, width do
  local hi, lo = struct.unpack(">I4I4", packed, at)
  scored[n + 1] = hi * 2097152 + math.floor(lo / 2048)
  scored[n + 2] = string.sub(packed, at, at + width - 1)
  n = n + 2
end
redis.call("DEL", KEYS[1])
for from = 1, n, 2000 do
  redis.call("ZADD", KEYS[1], unpack(scored, from, math.min(n, from + 1999)))
end
redis.call("HSET", KEYS[2], "version", ARGV[3], "floor", ARGV[4], "below", ARGV[5], "count", n / 2)
redis.call("EXPIRE", KEYS[1], ARGV[6])
redis.call("EXPIRE", KEYS[2], ARGV[6])
return n / 2`

/** KEYS: set, hash. Answers version, floor, below, and the members as they were packed; nothing where a part of it is gone. */
export const load = `
local meta = redis.call("HMGET", KEYS[2], "version", "floor", "below", "count")
local members = redis.call("ZREVRANGE", KEYS[1], 0, -1)
if tonumber(meta[4]) ~= #members then return false end
return { meta[1], meta[2], meta[3], table.concat(members) }`
