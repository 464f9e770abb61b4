import type { RecordedEvent } from "../model/event.ts";

/**
 * Where an instance of a process stands. `"parked"`: it waits for `store.processes.retry` at an input or at a command.
 *
 * @example
 * ```ts
 * const open: readonly ProcessStatus[] = ["running", "parked"];
 * ```
 */
export type ProcessStatus = "running" | "completed" | "cancelled" | "parked";

/**
 * An error as a process keeps it.
 *
 * @example
 * ```ts
 * export const line = ({ code, message }: ProcessError): string => (code === undefined ? message : `${code}: ${message}`);
 * ```
 */
export interface ProcessError {
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
}

/**
 * An instance of a process, as `store.processes.list` gives it.
 *
 * @example
 * ```ts
 * const instances: readonly ProcessInfo[] = await store.processes.list({ status: "parked" });
 * for (const { name, id, lastError } of instances) console.warn(name, id, lastError?.message);
 * ```
 */
export interface ProcessInfo {
  /** The process's. */
  readonly name: string;
  /** What `instanceId` returned. */
  readonly id: string;
  /** Rises with each new instance; `list({ after })` goes on behind it. */
  readonly number: number;
  /** The version of the process that runs it. */
  readonly version: number;
  /** The `stateVersion` of the definition by which its state was folded. */
  readonly stateVersion: number;
  readonly status: ProcessStatus;
  /** How many inputs it has taken, those that wait behind a failed one included. */
  readonly inputCount: number;
  /** How many of them are folded into its state. */
  readonly handledCount: number;
  /** How many came after its end. They are not recorded. */
  readonly lateCount: number;
  /** Why it is parked. */
  readonly lastError: ProcessError | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When it completed or was cancelled. */
  readonly endedAt: Date | undefined;
}

/**
 * A version of a process, as `store.processes.versions` gives it.
 *
 * @example
 * ```ts
 * const versions: readonly ProcessVersionInfo[] = await store.processes.versions("checkout");
 * for (const { version, needed, workers } of versions) if (needed && workers === 0) console.warn(`no worker runs version ${version}`);
 * ```
 */
export interface ProcessVersionInfo {
  /** The process's. */
  readonly name: string;
  readonly version: number;
  /** It starts the instances whose first input comes after this position, */
  readonly startsAfter: number;
  /** and up to this one: the cut, behind which the next version starts them. Undefined: it starts the new ones. */
  readonly startsUntil: number | undefined;
  /** Up to where it has handled the log: the least of its shards' checkpoints. */
  readonly position: number;
  /** How many of its instances have not ended, parked ones included. */
  readonly openCount: number;
  /** How many of its instances are parked, some of which may have ended. */
  readonly parkedCount: number;
  /** How many of its commands are to be issued, those of ended instances included. */
  readonly pendingCount: number;
  /** How many workers run it now. */
  readonly workers: number;
  /** Whether a worker has to run it: it starts new instances, is not at its cut, or one of the counts is not 0. */
  readonly needed: boolean;
}

/**
 * An input of an instance.
 *
 * @example
 * ```ts
 * export const line = ({ number, event }: ProcessInput): string => `${number} ${event.type}`;
 * ```
 */
export interface ProcessInput {
  /** 1, 2, 3 … without gaps. */
  readonly number: number;
  /** Whether it is folded into the state. Not while the instance is parked at it, or at one before it. */
  readonly handled: boolean;
  /** As today's code reads it; as it is stored where that fails. */
  readonly event: RecordedEvent;
  /** Why it cannot be decoded. */
  readonly decodeError: { readonly code: string | undefined; readonly message: string } | undefined;
}

/**
 * A command or an append that an input led to.
 *
 * @example
 * ```ts
 * export const line = ({ input, path, status }: ProcessCommand): string => `${input}/${path.join("/")} ${status}`;
 * ```
 */
export interface ProcessCommand {
  /** The number of the input. */
  readonly input: number;
  /** Its place in what `react` returned; behind it the places in what `orElse` returned. */
  readonly path: readonly number[];
  readonly kind: "command" | "append";
  /** Undefined for a decider of several streams. */
  readonly streamId: string | undefined;
  /** The command, or the events to append, as stored. */
  readonly content: unknown;
  /** `"refused"`: `decide` threw. `"parked"`: it failed as often as it may. */
  readonly status: "pending" | "done" | "refused" | "parked" | "cancelled";
  /** How often it was tried. */
  readonly attempts: number;
  /** When a pending one is due. Undefined where it waits for a parked one. */
  readonly dueAt: Date | undefined;
  /** Of its last try that failed. */
  readonly error: ProcessError | undefined;
}

/**
 * A timer of an instance that has not fired.
 *
 * @example
 * ```ts
 * export const line = ({ key, dueAt }: ProcessTimer): string => `${key} at ${dueAt.toISOString()}`;
 * ```
 */
export interface ProcessTimer {
  readonly key: string;
  readonly dueAt: Date;
}

/**
 * An instance with everything that is known of it, as `store.processes.get` gives it.
 *
 * @example
 * ```ts
 * export const summary = ({ status, state, commands }: ProcessDetails): unknown => ({ status, state, commands: commands.length });
 * ```
 */
export interface ProcessDetails extends ProcessInfo {
  readonly state: unknown;
  /** Its own stream of events, in order. */
  readonly inputs: readonly ProcessInput[];
  /** In the order of issue. */
  readonly commands: readonly ProcessCommand[];
  /** By due date. */
  readonly timers: readonly ProcessTimer[];
}
