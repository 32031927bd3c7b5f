/** Names for the numbers that Rookery is made of. */
import { Schema } from "effect"
import * as Snowflake from "./Snowflake.ts"

const Id = Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 1n, maximum: Snowflake.idMax }))

export const AccountId = Id.pipe(Schema.brand("AccountId"))
export type AccountId = typeof AccountId.Type

export const PostId = Id.pipe(Schema.brand("PostId"))
export type PostId = typeof PostId.Type

export const MediaId = Id.pipe(Schema.brand("MediaId"))
export type MediaId = typeof MediaId.Type

/**
 * An account's number within its datacenter: 32 bits, dense from 1. Follower sets, windows and
 * deliveries hold these instead of ids; they never leave the datacenter.
 */
export const LocalNo = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 0xffff_ffff })).pipe(
  Schema.brand("LocalNo")
)
export type LocalNo = typeof LocalNo.Type
