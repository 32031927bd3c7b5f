/** A browser as far as plain pages need one: cookies, links and forms, no scripts. */
import { Effect } from "effect"
import { createHash, randomBytes } from "node:crypto"

export interface Page {
  readonly status: number
  readonly headers: Headers
  readonly location: string | null
  readonly text: string
}

const decoded = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", "\"").replaceAll("&#39;", "'").replaceAll("&amp;", "&")

/** The fields of the form with the button `step`, and the button's own. */
export const formOf = (page: Page, step: string): URLSearchParams => {
  const form = page.text.match(/<form.*?<\/form>/gs)?.find((one) => one.includes(`name="step" value="${step}"`))
  if (form === undefined) throw new Error(`no form with ${step} in: ${page.status} ${page.text.slice(0, 2_000)}`)
  const fields = new URLSearchParams({ step })
  for (const [, name, value] of form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)) {
    fields.set(decoded(name!), decoded(value!))
  }
  return fields
}

export const makeBrowser = (base: string) => {
  const jar = new Map<string, string>()
  const visit = (path: string, form?: URLSearchParams, headers: Record<string, string> = {}) =>
    Effect.promise(async (): Promise<Page> => {
      const response = await fetch(base + path, {
        method: form === undefined ? "GET" : "POST",
        redirect: "manual",
        headers: { accept: "text/html", cookie: [...jar].map((pair) => pair.join("=")).join("; "), ...headers },
        ...(form === undefined ? {} : { body: form })
      })
      for (const cookie of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!
        jar.set(name!, value!)
      }
      const location = response.headers.get("location")
      return { status: response.status, headers: response.headers, location, text: await response.text() }
    })
  const press = (page: Page, step: string, typed: Record<string, string> = {}) => {
    const fields = formOf(page, step)
    for (const [name, value] of Object.entries(typed)) fields.set(name, value)
    return visit("/oauth/authorize", fields)
  }
  /** From the login form to the question whether to allow. */
  const logIn = (page: Page, username: string, password = "correct horse") =>
    Effect.flatMap(press(page, "log_in", { username, password }), ({ location }) => visit(location!))
  return { jar, visit, press, logIn }
}

/** A verifier of PKCE and its challenge. */
export const pkce = () => {
  const verifier = randomBytes(32).toString("base64url")
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") }
}
