export type { AppendOptions, AppendResult, AppendToStreamsOptions, ConditionalAppendOptions, StreamAppend } from "./append/types.ts";
export type { StaleDocuments } from "./arguments/stale-documents.ts";
export type { StoreOptions } from "./arguments/store-options.ts";
export { type Become, become, type BecomePart } from "./catalogue/become.ts";
export type { Filtered, MatchingEvents, WrittenQuery } from "./model/narrowed-query.ts";
export type { CausationTree, CausedEvent, ReadCausationOptions, ReadCorrelationOptions } from "./read/causation.ts";
export type { IndexCreateOptions, IndexInfo, Indexes } from "./schema/store-indexes.ts";
export type { IndexBlocker, IndexProgress } from "./database/index-build-watch.ts";
export type { LogIndexSet } from "./schema/log-indexes.ts";
export type { NewestShapes, OlderEvents } from "./model/reader-shapes.ts";
export type { EventCatalogue, InferEvents, InferNewEvents } from "./model/event-catalogue.ts";
export { defineEvents } from "./catalogue/define-events.ts";
export type { EventDefinition, EventStep, StoredEvent } from "./catalogue/definition.ts";
export { event } from "./catalogue/plain-event.ts";
export { type RetiredEvent, retired, type RetiredOptions, type RetiredStep } from "./catalogue/retired.ts";
export type { AppendMetrics } from "./append/append-counters.ts";
export type { DurationMetrics } from "./counters/durations.ts";
export type { PoolMetrics } from "./database/pool-counters.ts";
export type { ListenerMetrics, ListenerState, MarkMetrics } from "./feed/feed-metrics.ts";
export type { BudgetOptions, ConnectionBudget } from "./operations/connection-budget.ts";
export type { DoctorCode, DoctorFinding, DoctorSeverity } from "./operations/doctor/finding.ts";
export type { StatsOptions } from "./operations/stats/stats-options.ts";
export type { StatsCount, StatsIndex, StatsShare, StatsStream, StatsTable, StoreStats } from "./operations/stats/store-stats.ts";
export { type RolesOptions, rolesSql } from "./schema/roles-sql.ts";
export type { FollowerState } from "./operations/follower-states.ts";
export type { HealthLimits } from "./operations/health/health-limits.ts";
export type { HealthCheck, HealthReport, HealthStatus } from "./operations/health/health-report.ts";
export type { StoreMetrics } from "./operations/metrics/store-metrics.ts";
export type { PageMetrics } from "./read/page-counters.ts";
export type { FollowerMetrics, LagMetrics, ShardMetrics } from "./runtime/follower-metrics.ts";
export type { SkippedType } from "./catalogue/skipped-events.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./catalogue/standard-schema.ts";
export { asBigInt, asDate, asMap, asSet, type StoredCodec } from "./catalogue/stored-codecs.ts";
export { fromDrizzle } from "./database/adapters/drizzle.ts";
export { fromKnex } from "./database/adapters/knex.ts";
export { fromKysely } from "./database/adapters/kysely.ts";
export { fromPostgresJs } from "./database/adapters/postgres-js.ts";
export { fromPrisma } from "./database/adapters/prisma.ts";
export { fromTypeORM } from "./database/adapters/typeorm.ts";
export { type Aggregate, aggregate, type AggregateClass, type AggregateDefinition, type AggregateHistory, type Evolution } from "./commands/aggregate.ts";
export { type BoundaryDecider, type Decider, decider, type MultiStreamDecider } from "./commands/decider.ts";
export { executeCommand } from "./commands/execute-command.ts";
export { handleCommand } from "./commands/handle-command.ts";
export { causedBy, type MetadataSource, withMetadata } from "./commands/metadata.ts";
export type { CommandCall, CommandMiddleware } from "./commands/middleware.ts";
export type { CommandOptions } from "./commands/options.ts";
export { type Repository, repository, type SaveOptions, type UpdateOptions } from "./commands/repository.ts";
export type { CommandResult, StreamsResult } from "./commands/result.ts";
export type { SnapshotCandidate, SnapshotOptions } from "./commands/snapshots/options.ts";
export type { SnapshotInfo, SnapshotQuery, Snapshots } from "./commands/snapshots/snapshots.ts";
export type { SnapshotStats } from "./commands/snapshots/stats.ts";
export { ProjectionFailedError, ProjectionStoppedError, UnknownProjectionError } from "./errors/projections.ts";
export {
  type DuplicateDocuments,
  IndexRefusedError,
  type ProjectionChange,
  ProjectionChangedError,
  StaleDocumentsError,
  type StaleReason,
} from "./errors/read-models.ts";
export type { Projection } from "./arguments/projection.ts";
export { defineProjection } from "./projections/define-projection.ts";
export { documentProjection } from "./projections/document-projection.ts";
export type {
  DocumentProjection,
  DocumentProjectionDefinition,
  Evolve,
  EvolveByType,
  ProjectionDefinition,
  ProjectionTransaction,
} from "./projections/projection.ts";
export type { CallOptions, QueryResult, StopOptions } from "./model/calls.ts";
export type { DriverClient } from "./model/driver.ts";
export type { Logger } from "./model/logger.ts";
export type { PgPool, PoolSettings } from "./arguments/pool-options.ts";
export type { PoolPreset } from "./arguments/pool-presets.ts";
export type { TransactionClient } from "./database/transaction-client.ts";
export { RequestRefusedError } from "./errors/http.ts";
export { IndexMissingError } from "./errors/reading.ts";
export { TidemarkError } from "./errors/tidemark-error.ts";
export { EventDecodingError, type EventIssue, EventValidationError, UnknownEventTypeError } from "./errors/catalogue.ts";
export {
  FencedError,
  HandlerFailedError,
  HandlerTimeoutError,
  HistoryForkedError,
  NotFoundError,
  SequenceBehindError,
  WaitTimeoutError,
} from "./errors/following.ts";
export {
  MigrationChangedError,
  MissingDependencyError,
  RoleRefusedError,
  SchemaOutdatedError,
  SchemaTooNewError,
  StoreClosedError,
  StoreLockedError,
} from "./errors/opening.ts";
export {
  ConditionFailedError,
  DuplicateEventError,
  EventTooLargeError,
  OutcomeUnknownError,
  QueueFullError,
  type VersionConflict,
  VersionConflictError,
} from "./errors/appending.ts";
export { ConnectionError, DatabaseError, type PoolHolder, PoolTimeoutError, SerializationFailureError, TransactionEndedError } from "./errors/database.ts";
export { type ErrorByCode, InvalidArgumentError, isTidemarkError } from "./errors/errors.ts";
export type {
  Boundary,
  BoundaryQuery,
  BoundaryReading,
  Event,
  EventMetadata,
  EventOf,
  EventQuery,
  EventQueryItem,
  ExpectedVersion,
  JsonValue,
  NewEvent,
  NewEventFields,
  NewEventFields as Writing,
  RecordedEvent,
  RecordedEventFields,
  RecordedEventFields as Recording,
} from "./model/event.ts";
export type { TracedOperations } from "./tracing/messages.ts";
export type { TracedStore } from "./tracing/traced-store.ts";
export type { EventReaderWriter, StoreTransaction } from "./transaction/event-reader-writer.ts";
export {
  append,
  type AppendEffect,
  cancelTimer,
  type CancelTimerEffect,
  command,
  type CommandEffect,
  type CommandEffectOptions,
  complete,
  type CompleteEffect,
  type Effect,
  type OrElse,
  timer,
  type TimerDue,
  type TimerEffect,
} from "./processes/effect.ts";
export type { GetProcessOptions, Processes, ProcessQuery } from "./processes/administration.ts";
export type {
  ProcessCommand,
  ProcessDetails,
  ProcessError,
  ProcessInfo,
  ProcessInput,
  ProcessStatus,
  ProcessTimer,
  ProcessVersionInfo,
} from "./processes/process-info.ts";
export { defineProcess } from "./processes/define-process.ts";
export type { Process, ProcessDefinition } from "./processes/process.ts";
export { ProcessParkedError, ProcessVersionMissingError } from "./errors/processes.ts";
export type { Received, ReceiveOptions } from "./inbox/receive.ts";
export type { NewMessage, PublishedMessage } from "./outbox/message.ts";
export type { Audit, AuditEntry, AuditQuery, AuditState, NewAuditEntry, PruneAuditOptions, RecordedAuditEntry, SettleAuditOptions } from "./audit/audit.ts";
export type { CleanUpOptions, MessageState, Outbox, OutboxMessage, OutboxQuery, OutboxStats } from "./outbox/outbox.ts";
export type { RelayInfo, Relays } from "./relays/administration.ts";
export { cloudEvents } from "./relays/cloud-events.ts";
export { debeziumOutbox } from "./relays/debezium-outbox.ts";
export { defineRelay } from "./relays/define-relay.ts";
export type { DescribedEvent, Relay, RelayContext, RelayDefinition, RelayMap, RelayMessage, RelayMessageDescription } from "./relays/relay.ts";
export type { ReplayOptions, ReplayProgress, ReplayReport } from "./relays/replay.ts";
export type { OutgoingMessage, Sink } from "./relays/sink.ts";
export { DestinationUnavailableError, MessageRefusedError, SinkUnavailableError } from "./errors/relays.ts";
export type { EventStore } from "./store/event-store.ts";
export type { Blocker } from "./feed/blockers.ts";
export type { SubscribeOptions, Subscription } from "./feed/subscribe.ts";
export { openEventStore } from "./store/open-event-store.ts";
export type { CollectionIndex } from "./documents/collection-index.ts";
export type {
  CountOptions,
  DocumentFilter,
  DocumentFilter as Where,
  DocumentPage,
  DocumentPath,
  DocumentPath as Path,
  Documents,
  DocumentsOptions,
  DocumentSource,
  FindOptions,
  GetOptions,
  PathValue,
  VersionedDocument,
  VersionedDocument as Stored,
} from "./documents/types.ts";
export type {
  EventByIdOptions,
  EventShapeOptions,
  Fold,
  FoldedStream,
  FoldStart,
  ReadAllOptions,
  ReadBoundaryOptions,
  ReadStreamOptions,
  StreamFold,
  StreamsOptions,
} from "./read/options.ts";
export type { EventSequence, StreamInfo } from "./read/types.ts";
export type { VerifyProblem, VerifyProblemKind } from "./operations/verify/problems.ts";
export type { VerifiedChain, VerifyReport } from "./operations/verify/verify.ts";
export type { VerifyOptions, VerifyProgress } from "./operations/verify/verify-options.ts";
export type { CheckReport } from "./transfer/check-events.ts";
export type { CheckEventsOptions, CheckProgress } from "./transfer/check-options.ts";
export type { CheckedType, FoundProblem } from "./transfer/check-tally.ts";
export type { ProblemKind } from "./transfer/event-check.ts";
export { migrationSql, type MigrationSqlOptions } from "./schema/migration-sql.ts";
export type {
  CircuitBreakerOptions,
  Consumer,
  ConsumerContext,
  ConsumerDefinition,
  ConsumerHandler,
  FailureAction,
  FailureAction as Failure,
  OnFailure,
  RetryOptions,
} from "./consumers/consumer.ts";
export type { ConsumerInfo, Lag, PauseInfo, ShardInfo } from "./consumers/consumer-info.ts";
export type { Consumers, PauseOptions, ResetOptions } from "./consumers/administration.ts";
export type { DeadLetter, DeadLetterHistoryQuery, DeadLetterKey, DeadLetterQuery, DeadLetters, ResolvedDeadLetter } from "./consumers/dead-letter.ts";
export { defineConsumer } from "./consumers/define-consumer.ts";
export type { ProjectionInfo, ProjectionState } from "./projections/projection-info.ts";
export type { BuildInfo } from "./projections/rebuild/build-info.ts";
export type { ProjectionDependent } from "./projections/rebuild/carry-over.ts";
export type { DocumentCheck } from "./projections/rebuild/check-documents.ts";
export type { DocumentDifference } from "./projections/rebuild/plain-fold.ts";
export type { RebuiltDocument } from "./projections/rebuild/rebuild-document.ts";
export type { CheckOptions, DropOptions, RebuildDocumentOptions, RebuildOptions, RebuildProgress, SwapOptions } from "./projections/rebuild/rebuild-options.ts";
export {
  ProjectionBuildFailedError,
  ProjectionCheckFailedError,
  ProjectionDependentsError,
  ProjectionNotReadyError,
  ProjectionServingError,
} from "./errors/rebuilding.ts";
export type { Projections, ProjectionVersion } from "./projections/administration.ts";
export type { ShardState } from "./runtime/shard.ts";
export type { EventCounts } from "./runtime/event-counts.ts";
export type { CaughtUpOptions, Worker } from "./runtime/worker.ts";
export { TimerFailedError } from "./errors/timers.ts";
export type { ScheduledTimer, ScheduleOptions, Timer, Timers, TimersQuery } from "./timers/timer.ts";
export type { StartFrom } from "./arguments/start-from.ts";
export type { WaitOptions } from "./runtime/wait-for.ts";
export { defineConfig, type TidemarkConfig } from "./store/define-config.ts";
export type { WorkerDefinition } from "./store/worker-definition.ts";
