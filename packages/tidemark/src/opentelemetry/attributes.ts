/**
 * Names of OpenTelemetry's semantic conventions 1.44. Those of databases are stable there; those of messaging are in development, which is
 * why they stand here and come from no package: a package of theirs may rename them in any version.
 */
export const conventions = "1.44.0";

export const db = {
  system: "db.system.name",
  namespace: "db.namespace",
  operation: "db.operation.name",
  collection: "db.collection.name",
  summary: "db.query.summary",
  rows: "db.response.returned_rows",
  duration: "db.client.operation.duration",
} as const;

export const messaging = {
  system: "messaging.system",
  operation: "messaging.operation.name",
  operationType: "messaging.operation.type",
  destination: "messaging.destination.name",
  subscription: "messaging.destination.subscription.name",
  partition: "messaging.destination.partition.id",
  group: "messaging.consumer.group.name",
  messageId: "messaging.message.id",
  conversationId: "messaging.message.conversation_id",
  batchSize: "messaging.batch.message_count",
  duration: "messaging.client.operation.duration",
  processDuration: "messaging.process.duration",
  sent: "messaging.client.sent.messages",
  consumed: "messaging.client.consumed.messages",
} as const;

export const server = { address: "server.address", port: "server.port" } as const;
export const errorType = "error.type";

/** Our own, where the conventions have none. */
export const tidemark = {
  schema: "tidemark.schema",
  tenant: "tidemark.tenant",
  streamId: "tidemark.stream.id",
  version: "tidemark.stream.version",
  position: "tidemark.position",
  kind: "tidemark.follower.kind",
  attempt: "tidemark.retry.attempt",
  attempts: "tidemark.command.attempts",
  events: "tidemark.events",
  decider: "tidemark.decider.name",
  projection: "tidemark.projection.name",
  projectionVersion: "tidemark.projection.version",
  process: "tidemark.process.name",
  commandDuration: "tidemark.command.duration",
} as const;
