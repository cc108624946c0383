export { findKafka, KAFKA_MISSING, type KafkaProgram } from "./program.ts"
export { type KafkaServer, startKafka } from "./server.ts"
export { type KafkaSecurity } from "./security.ts"
