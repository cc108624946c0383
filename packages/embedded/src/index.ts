export { embeddedConfig } from "./config.ts"
export { explain } from "./explain.ts"
export { DataFolderUnusable, lockDataFolder } from "./instance/lock.ts"
export { findInstance, InstanceRecord } from "./instance/record.ts"
export {
  CONTAINERS_FOLDER,
  findSystem,
  type FoundSystem,
  forgetSystem,
  NoSystem,
  readSystem,
  recordSystem,
  RunningSystem,
  systemFolders,
  systemOf,
  SystemRecordUnreadable,
  SystemUnclear
} from "./running/index.ts"
