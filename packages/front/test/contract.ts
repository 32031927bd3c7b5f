/** The contract's schemas, for checking answers against. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import formats from "ajv-formats"
import { readFileSync } from "node:fs"
import { nameOf, type Operation } from "./contractPaths.ts"

const source = new URL("./contract/entities.schema.json", import.meta.url)

const document = JSON.parse(readFileSync(source, "utf8"))
const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)
ajv.addFormat("iso-639-1", /^[a-z]{2,3}$/)
ajv.addSchema(document, "contract")

const validators = new Map<string, ValidateFunction>()

/** Compiled once for each `name`. */
const validatorOf = (name: string, schema: () => object): ValidateFunction => {
  const known = validators.get(name)
  if (known !== undefined) return known
  const validate = ajv.compile(schema())
  validators.set(name, validate)
  return validate
}

const complaints = (validate: ValidateFunction, value: unknown): ReadonlyArray<string> =>
  validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`)

/** What is wrong with `value` as an `entity` of the contract; empty when nothing is. */
export const problems = (entity: string, value: unknown): ReadonlyArray<string> =>
  complaints(validatorOf(entity, () => ({ $ref: `contract#/components/schemas/${entity}` })), value)

/** The contract describes one where the answer is a list of them. */
const lists = new Set(["GET /api/v1/filters"])

/** What is wrong with `value` as the whole good answer of an operation; empty when nothing is. */
export const answerProblems = (operation: Operation, status: number, value: unknown): ReadonlyArray<string> => {
  const schema = operation.answers[status]
  if (schema === undefined) return [`the contract has no answer with status ${status}`]
  // Where the contract names no JSON there is nothing that a client could rely on.
  if (schema === null) return []
  const whole = lists.has(nameOf(operation)) ? { type: "array", items: schema } : schema
  const here = () => JSON.parse(JSON.stringify(whole).replaceAll("#/components/", "contract#/components/"))
  return complaints(validatorOf(`${nameOf(operation)} ${status}`, here), value)
}
