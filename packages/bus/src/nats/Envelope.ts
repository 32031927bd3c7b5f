/** What a message wears on the wire: who sent it and its number among the sender's messages of the subject. */

/** `beat` carries no message; it shows the sender's number after something may have been lost on its way. */
export interface Envelope {
  readonly kind: "message" | "beat"
  /** Random, of one connection's life. */
  readonly sender: bigint
  /** From 1, without gaps. */
  readonly number: number
  readonly data: Uint8Array
}

const version = 1
const headerBytes = 18

/** `version | kind | sender (8) | number (8) | data`, little-endian. */
export const encode = (envelope: Envelope): Uint8Array => {
  const bytes = new Uint8Array(headerBytes + envelope.data.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, version)
  view.setUint8(1, envelope.kind === "beat" ? 1 : 0)
  view.setBigUint64(2, envelope.sender, true)
  view.setBigUint64(10, BigInt(envelope.number), true)
  bytes.set(envelope.data, headerBytes)
  return bytes
}

/** Undefined when it is none, or of another version. `data` is a copy. */
export const decode = (bytes: Uint8Array): Envelope | undefined => {
  if (bytes.length < headerBytes || bytes[0] !== version || bytes[1]! > 1) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    kind: bytes[1] === 1 ? "beat" : "message",
    sender: view.getBigUint64(2, true),
    number: Number(view.getBigUint64(10, true)),
    data: bytes.slice(headerBytes)
  }
}
