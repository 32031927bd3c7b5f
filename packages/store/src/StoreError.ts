import { reasonOf } from "@rookery/observe/reasonOf"
import { Schema } from "effect"

/** The store did not answer, or not in time; whether the write happened is unknown unless its request key tells. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  operation: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `${this.operation}: ${reasonOf(this.cause)}`
  }
}

/** Another owner has written since: the actor must load again before it writes. */
export class StaleVersion extends Schema.TaggedError<StaleVersion>()("StaleVersion", { entity: Schema.String }) {}
