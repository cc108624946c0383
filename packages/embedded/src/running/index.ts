export { findSystem, type FoundSystem, NoSystem, systemFolders, SystemUnclear } from "./find.ts"
export { CONTAINERS_FOLDER, forgetSystem, readSystem, recordSystem, SystemRecordUnreadable } from "./record.ts"
export { RunningSystem, systemOf } from "./system.ts"
