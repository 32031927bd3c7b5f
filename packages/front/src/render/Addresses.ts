/** What absolute addresses begin with, without a slash at the end; the front's settings have both. */
export interface Addresses {
  readonly publicUrl: string
  /** Of pictures; the front serves them itself unless set. */
  readonly mediaUrl?: string
}
