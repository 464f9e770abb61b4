import type { EventMetadata } from "../model/event.ts";
import type { OperationMessage } from "./operation.ts";

/** An event that a handler is given, without its data. */
export interface HandledEvent {
  readonly id: string;
  readonly type: string;
  readonly category: string;
  readonly streamId: string;
  readonly version: number;
  readonly position: number;
  /** Of its metadata, as W3C Trace Context has it. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly correlationId?: string;
}

export interface Appending {
  readonly operation: "appendToStream" | "appendToStreams" | "append";
  /** As the call names them; empty where the first tag of `append` names the stream. */
  readonly streamIds: readonly string[];
  /** How many. */
  readonly events: number;
  readonly inTransaction: boolean;
  /** May be set at `start`, by a store that is bound to the channel: every event gets it, unless it or a scope has these keys. */
  metadata?: EventMetadata;
}

export interface Appended {
  /** Of the last event of each stream. */
  readonly streams: readonly { readonly streamId: string; readonly version: number; readonly position: number }[];
}

export interface Reading {
  /** The method. Of one that returns a sequence, each page is an operation. */
  readonly operation:
    | "readStream"
    | "readAll"
    | "readBoundary"
    | "aggregateStream"
    | "readSnapshot"
    | "streamInfo"
    | "eventById"
    | "readCausation"
    | "readCorrelation"
    | "streams";
  /** Where it reads one stream. */
  readonly streamId?: string;
}

export interface Read {
  /** Events, as they are stored; of `aggregateStream` the version. */
  readonly events: number;
}

export interface ReadingDocuments {
  readonly operation: "get" | "getMany" | "find" | "first" | "page" | "count";
  readonly collection: string;
}

export interface ReadDocuments {
  /** How many came; of `count` how many there are. */
  readonly documents: number;
}

export interface Commanding {
  readonly operation: "handleCommand" | "executeCommand";
  /** The decider's name, where it has one. */
  readonly decider?: string;
  /** Of `handleCommand`. */
  readonly streamId?: string;
}

export interface Commanded {
  readonly attempts: number;
  /** How many were written. */
  readonly events: number;
  readonly position?: number;
}

/** Of a worker: for whom it follows the log. */
export interface Following {
  readonly kind: string;
  readonly name: string;
  /** Of what has versions. */
  readonly version?: number;
  readonly shard: number;
}

export interface Handling extends Following {
  /** 1 at the first try. */
  readonly attempt: number;
  readonly events: readonly HandledEvent[];
}

export interface Committing extends Following {
  /** Where the checkpoint moves. */
  readonly position: number;
}

/** Of an inline projection. */
export interface Projecting {
  readonly projection: string;
  readonly version: number;
  /** Of one append, or of several that are written together. */
  readonly events: readonly HandledEvent[];
}

export interface FollowingLog {
  readonly log: "events" | "outbox";
  /** How far may be read. */
  readonly until: number;
}

export interface Followed {
  /** How many events, or messages, the page has. */
  readonly events: number;
  /** Everything that is wanted up to there has come. */
  readonly position: number;
}

export interface Scheduling {
  readonly streamId: string;
  readonly key?: string;
  /** As of an append. */
  metadata?: EventMetadata;
}

export interface Issuing {
  readonly process: string;
  readonly kind: string;
  readonly streamId?: string;
}

export interface Rebuilding {
  /** `build`: one run of a build, in a worker. The others are calls. */
  readonly operation: "rebuild" | "build" | "swap" | "rollBack" | "rebuildDocument" | "check";
  readonly projection: string;
  readonly version?: number;
}

/** What has no more to tell than that it was done. */
export type Nothing = Readonly<Record<string, never>>;

/**
 * The messages of each tracing channel of `node:diagnostics_channel`, by the channel's name. They hold ids, names, counts and places, and no
 * data of events. `result` and `error` are set when the operation has ended.
 *
 * @example
 * ```ts
 * const told = ({ store, tenant, operation, error }: TracedOperations["tidemark:append"]): string => `${store.schema} ${tenant} ${operation} ${error ?? "done"}`;
 * ```
 */
export interface TracedOperations {
  /** A call of `appendToStream`, `appendToStreams` or `append`, from the stamping of its events to its answer. */
  readonly "tidemark:append": OperationMessage<Appended> & Appending;
  /** A reading of events; of a sequence each page. */
  readonly "tidemark:read": OperationMessage<Read> & Reading;
  /** Documents of a projection are read. */
  readonly "tidemark:documents": OperationMessage<ReadDocuments> & ReadingDocuments;
  /** A command, with all of its attempts. */
  readonly "tidemark:command": OperationMessage<Commanded> & Commanding;
  /** A call of `store.transaction`, from BEGIN to COMMIT. */
  readonly "tidemark:transaction": OperationMessage<Nothing>;
  /** A call of a handler, by a worker: of one event, or of a batch. */
  readonly "tidemark:handle": OperationMessage<Nothing> & Handling;
  /** The commit of a checkpoint, with what handlers wrote. */
  readonly "tidemark:checkpoint": OperationMessage<Nothing> & Committing;
  /** An inline projection evolves its documents, or handles events, inside of their append. */
  readonly "tidemark:project": OperationMessage<Nothing> & Projecting;
  /** A page of the log is read for who follows it: once for all that have caught up. */
  readonly "tidemark:follow": OperationMessage<Followed> & FollowingLog;
  /** A timer is set. */
  readonly "tidemark:schedule": OperationMessage<{ readonly dueAt: Date }> & Scheduling;
  /** A worker fires timers that are due, up to 100 in one transaction. */
  readonly "tidemark:fire": OperationMessage<{ readonly timers: number }>;
  /** A command or an append of a process is issued. */
  readonly "tidemark:issue": OperationMessage<{ readonly outcome: string }> & Issuing;
  /** A projection's version is built, or a document of it. */
  readonly "tidemark:rebuild": OperationMessage<Nothing> & Rebuilding;
  /** A store is opened, or not: its schema is looked at and brought up to date. */
  readonly "tidemark:migrate": OperationMessage<Nothing>;
}
