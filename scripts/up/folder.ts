import { resolve } from "node:path"
import { CONTAINERS_FOLDER } from "@flowforge/embedded"

/** Where word of the stack is left, for the demo and the audit. */
export const stackFolder = (): string => resolve(process.env["FLOWFORGE_DATA"] || CONTAINERS_FOLDER)
