import { Schema } from "effect"
import type { InstanceRecord } from "../instance/record.ts"

const Folder = Schema.Struct({ kind: Schema.Literal("folder"), folder: Schema.String })

const S3 = Schema.Struct({
  kind: Schema.Literal("s3"),
  endpoint: Schema.String,
  region: Schema.String,
  bucket: Schema.String,
  accessKeyId: Schema.String,
  secretAccessKey: Schema.String
})

/** The stand-in for SES and SNS, which shows what it was given to send. */
const Moto = Schema.Struct({ kind: Schema.Literal("moto"), url: Schema.String })

/**
 * Where the parts of a running FlowForge are, whichever way it runs: its two ports, and the records that the audit and
 * the demo hold it against. As it stands in `system.json`, for one that runs as separate processes.
 */
export const RunningSystem = Schema.Struct({
  publicUrl: Schema.String,
  managementUrl: Schema.String,
  /** With its password: the file is for its owner only. */
  postgresUrl: Schema.String,
  gatewayUrl: Schema.String,
  receipts: Schema.Union([Folder, S3]),
  messages: Schema.Union([Folder, Moto])
})
export type RunningSystem = typeof RunningSystem.Type

/** An embedded one keeps receipts and messages in folders. */
export const systemOf = (instance: InstanceRecord): RunningSystem => ({
  publicUrl: instance.publicUrl,
  managementUrl: instance.managementUrl,
  postgresUrl: instance.postgresUrl,
  gatewayUrl: instance.gatewayUrl,
  receipts: { kind: "folder", folder: instance.objectsFolder },
  messages: { kind: "folder", folder: instance.mailFolder }
})
