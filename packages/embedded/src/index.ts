export { embeddedConfig } from "./config.ts"
export { explain } from "./explain.ts"
export { DataFolderUnusable, lockDataFolder } from "./instance/lock.ts"
export { findInstance, InstanceRecord } from "./instance/record.ts"
