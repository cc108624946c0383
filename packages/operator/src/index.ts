export { runOperator } from "./layer.ts"
