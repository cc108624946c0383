export { all, as, choose, Misconfigured, refine, row, type Setting, type ValueOf, type Variable } from "./setting.ts"
export {
  address,
  choice,
  count,
  optional,
  optionalAddress,
  optionalCertificate,
  optionalSecret,
  secret,
  text,
  time,
  variable
} from "./variable.ts"
