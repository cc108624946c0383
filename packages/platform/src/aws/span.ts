import { clientSpan } from "../telemetry/client-span.ts"

/** The span of a call of AWS, or of what stands in for it. */
export const awsSpan = (service: "S3" | "SESv2" | "SNS", method: string) =>
  clientSpan(`${service}.${method}`, { "rpc.system": "aws-api", "rpc.service": service, "rpc.method": method })
