/** The contract's schemas, for checking answers against. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import formats from "ajv-formats"
import { readFileSync } from "node:fs"

const source = new URL("./contract/entities.schema.json", import.meta.url)

const document = JSON.parse(readFileSync(source, "utf8"))
const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)
ajv.addFormat("iso-639-1", /^[a-z]{2,3}$/)
ajv.addSchema(document, "contract")

const validators = new Map<string, ValidateFunction>()

const validatorOf = (entity: string): ValidateFunction => {
  const known = validators.get(entity)
  if (known !== undefined) return known
  const validate = ajv.compile({ $ref: `contract#/components/schemas/${entity}` })
  validators.set(entity, validate)
  return validate
}

/** What is wrong with `value` as an `entity` of the contract; empty when nothing is. */
export const problems = (entity: string, value: unknown): ReadonlyArray<string> => {
  const validate = validatorOf(entity)
  return validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`)
}
