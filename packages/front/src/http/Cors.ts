/** Web clients of any origin may use the API: tokens travel in a header that no browser adds by itself. */

const exposed = "ETag, Link, Retry-After, X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"

/** On every answer. */
export const headers: ReadonlyArray<string> = [
  "access-control-allow-origin",
  "*",
  "access-control-expose-headers",
  exposed
]

/** On the answer to a preflight. */
export const preflight: ReadonlyArray<string> = [
  "access-control-allow-origin",
  "*",
  "access-control-allow-methods",
  "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
  "access-control-allow-headers",
  // The star covers whatever else a client sends, in browsers that know it; never `Authorization`.
  "Authorization, Content-Type, Idempotency-Key, If-None-Match, *",
  "access-control-max-age",
  "86400",
  "content-length",
  "0"
]
