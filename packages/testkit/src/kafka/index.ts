export { findKafka, KAFKA_MISSING, type KafkaProgram } from "./program.ts"
export { type KafkaBroker, type KafkaServer, startKafka, startKafkaCluster } from "./server.ts"
export { type KafkaSecurity } from "./security.ts"
