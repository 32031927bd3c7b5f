/** Reading server-sent events as they come. */

export interface Received {
  readonly event: string | undefined
  readonly data: string
  readonly id: string | undefined
}

const parse = (block: string): Received => {
  const lines = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"))
  const fields = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]))
  return { event: fields.get("event"), data: fields.get("data") ?? "", id: fields.get("id") }
}

/** Until the stream ends; rejects when it breaks. */
const consume = async (body: ReadableStream<Uint8Array>, take: (received: Received) => void): Promise<void> => {
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split("\n\n")
    text = blocks.pop()!
    for (const block of blocks) take(parse(block))
  }
}

export interface Options {
  readonly token: string
  /** Where to go on. */
  readonly cursor: string | undefined
  readonly signal: AbortSignal
  /** Called once it is open. */
  readonly onOpen: () => void
  readonly take: (received: Received) => void
}

/** Reads `/api/x/stream` of a front until it ends; answers the status, and rejects when it breaks. */
export const read = async (frontsUrl: string, { cursor, onOpen, signal, take, token }: Options): Promise<number> => {
  const response = await fetch(`${frontsUrl}/api/x/stream`, {
    signal,
    headers: { authorization: `Bearer ${token}`, ...(cursor === undefined ? {} : { "last-event-id": cursor }) }
  })
  if (response.status !== 200) {
    await response.text()
    return response.status
  }
  onOpen()
  await consume(response.body!, take)
  return response.status
}
