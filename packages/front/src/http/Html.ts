/** Pages for browsers: without scripts, and with nothing from anywhere else. */
import { createHash } from "node:crypto"
import * as Text from "../render/Text.ts"
import type { Answer } from "./Answer.ts"
import type { Request } from "./Route.ts"

/** Markup, as opposed to text: what is put into it by `html` is escaped unless it is markup itself. */
export interface Markup {
  readonly markup: string
}

type Part = string | number | undefined | Markup | ReadonlyArray<Markup>

const partOf = (part: Part): string => {
  if (part === undefined) return ""
  if (typeof part === "object") return "markup" in part ? part.markup : part.map((one) => one.markup).join("")
  return Text.escape(String(part))
}

export const html = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Markup => ({
  markup: strings.reduce((text, piece, i) => text + partOf(parts[i - 1]) + piece)
})

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 1.5rem 1rem; }
main { max-width: 30rem; margin: 0 auto; }
main.wide { max-width: 52rem; }
h1 { font-size: 1.4rem; line-height: 1.3; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input, button { font: inherit; padding: .6rem .8rem; border: 1px solid #8886; border-radius: .5rem; box-sizing: border-box; }
input { width: 100%; margin-top: .3rem; }
button { margin: 1.2rem .6rem 0 0; cursor: pointer; }
button.first { background: #2b5fd9; border-color: #2b5fd9; color: #fff; }
button.plain { background: none; border: 0; padding: 0; margin: 0; text-decoration: underline; color: inherit; }
.error { border-left: 4px solid #c33; padding: .3rem .8rem; }
code { overflow-wrap: anywhere; }
.code { display: block; font-size: 1.1rem; padding: .8rem; border: 1px dashed #8889; border-radius: .5rem; user-select: all; }
dt { font-weight: 600; margin-top: .6rem; }
dd { margin-left: 1rem; }`

const styleHash = createHash("sha256").update(style).digest("base64")

/** Browsers say that they read pages; clients do not, or take anything. */
export const wantsPage = (request: Request): boolean => (request.headers.accept ?? "").includes("text/html")

export interface Page {
  readonly title: string
  readonly body: Markup
  readonly status?: number
  /** Where forms of the page may end, in the words of the Content-Security-Policy; nowhere unless set. */
  readonly formAction?: string
  readonly wide?: boolean
  /** More headers: name, value, name, value. */
  readonly headers?: ReadonlyArray<string>
}

/** Whole, with the headers that keep it from being framed, changed or read along. */
export const page = ({ body, formAction = "'none'", headers = [], status = 200, title, wide = false }: Page): Answer => ({
  status,
  type: "text/html; charset=utf-8",
  body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${Text.escape(title)}</title>` +
    `<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>` +
    `<body><main${wide ? " class=\"wide\"" : ""}>${body.markup}</main></body></html>`,
  headers: [
    "content-security-policy",
    `default-src 'none'; style-src 'sha256-${styleHash}'; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'`,
    "x-frame-options",
    "DENY",
    "referrer-policy",
    "same-origin",
    ...headers
  ]
})
