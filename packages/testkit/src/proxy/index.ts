export { faultyProxy, type FaultyProxy, type ProxyFault } from "./faulty.ts"
export { passOn } from "./pass-on.ts"
