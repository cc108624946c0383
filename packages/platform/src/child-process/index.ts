export { freePort } from "./free-port.ts"
export { type SupervisedProcess, superviseProcess } from "./supervise.ts"
