/** What a handler answers with. Bodies are bytes or text that is written as it stands. */

import type { Readable } from "node:stream"

export interface Answer {
  readonly status: number
  readonly body: string | Uint8Array
  /** `Link` header of a page. */
  readonly link?: string | undefined
  /** `Cache-Control`; nobody keeps the answer unless set. */
  readonly cache?: string
  /** Content type; JSON unless set. */
  readonly type?: string
  /** Written instead of the body, as fast as the client takes it. */
  readonly stream?: { readonly size: number; readonly bytes: Readable }
  /** The body is nobody else's: its memory is used again when it is sent (PageBuffers.ts). */
  readonly isSpent?: true
  /** More headers: name, value, name, value. */
  readonly headers?: ReadonlyArray<string>
}

export const json = (value: unknown, status = 200): Answer => ({ status, body: JSON.stringify(value) })

export const bytes = (body: Uint8Array, link?: string): Answer => ({ status: 200, body, link })

/** The same for bytes that are made for this answer alone. */
export const page = (body: Uint8Array, link?: string): Answer => ({ status: 200, body, link, isSpent: true })

export const text = (body: string, type = "text/plain; charset=utf-8"): Answer => ({ status: 200, body, type })
