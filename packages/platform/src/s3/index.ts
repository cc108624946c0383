export { s3Config } from "./config.ts"
export { layerS3, type S3Options } from "./store.ts"
