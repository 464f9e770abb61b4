import { arrayOf, checkBoolean, checkFunction, wholeNumber } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkOptions } from "../arguments/options.ts";
import type { Projection } from "../arguments/projection.ts";
import type { Consumer } from "../consumers/consumer.ts";
import { DefinedConsumer } from "../consumers/define-consumer.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import { DefinedProcess } from "../processes/defined-process.ts";
import type { Process } from "../processes/process.ts";
import { checkProjections } from "../projections/check-projections.ts";
import type { DefinedProjection } from "../projections/defined-projection.ts";
import { DefinedRelay } from "../relays/defined-relay.ts";
import type { Relay } from "../relays/relay.ts";

/**
 * The consumers, projections, processes, relays and settings of a worker, for `createWorker`.
 *
 * @example
 * ```ts
 * const definition: WorkerDefinition = { consumers: [defineConsumer({ name: "audit", handle: () => {} })], leaseMs: 30_000, onError: (error) => console.error(error.code) };
 * ```
 */
export interface WorkerDefinition {
  /** The consumers to run, each once. */
  readonly consumers?: readonly Consumer[];
  /** Async projections to follow. @defaultValue those that the store was opened with */
  readonly projections?: readonly Projection[];
  /** The processes to run, each version once. */
  readonly processes?: readonly Process[];
  /** The relays to run, each once. */
  readonly relays?: readonly Relay[];
  /**
   * Whether it fires timers, those of its tenant: see `schedule`. Workers in several processes share the work. A worker without consumers,
   * projections, processes and relays needs `timers: true`.
   * @defaultValue true
   */
  readonly timers?: boolean;
  /**
   * How long a shard stays with a worker that sends no heartbeat, and how long a handler's transaction may be idle, in milliseconds.
   * 500–3,600,000. Shards of a process that was killed go to other workers within three seconds, where PostgreSQL ended its sessions.
   * @defaultValue 15,000
   */
  readonly leaseMs?: number;
  /**
   * Called once with each error that no call can return: events that were given up, shards that were lost or stopped, outages.
   * @defaultValue the logger's `error`
   */
  readonly onError?: (error: TidemarkError) => void;
  /** Called by `start` before anything is handled, and waited for: connect to what handlers need. An error that it throws rejects `start`. */
  readonly onStart?: () => void | Promise<void>;
  /**
   * Called by `stop`, and by `store.close()`, once nothing is handled any more, and waited for: close what `onStart` opened. Also
   * where `start` failed after `onStart`. What it throws is logged.
   */
  readonly onStop?: () => void | Promise<void>;
}

export const defaultLeaseMs = 15_000;
const shape = {
  consumers: arrayOf(checkConsumer),
  projections: checkAsync,
  timers: checkBoolean,
  processes: arrayOf(checkProcess),
  relays: arrayOf(checkRelay),
  leaseMs: wholeNumber(500, 3_600_000),
  onError: checkFunction<(error: TidemarkError) => void>,
  onStart: checkFunction<() => void | Promise<void>>,
  onStop: checkFunction<() => void | Promise<void>>,
};

interface CheckedWorkerDefinition extends Pick<WorkerDefinition, "onError" | "onStart" | "onStop"> {
  readonly consumers: readonly DefinedConsumer[];
  readonly projections: readonly DefinedProjection[];
  readonly timers: boolean;
  readonly processes: readonly DefinedProcess[];
  readonly relays: readonly DefinedRelay[];
  readonly leaseMs: number;
}

/** @param opened - The projections that the store was opened with. */
export function checkWorkerDefinition(definition: WorkerDefinition | undefined, opened: readonly DefinedProjection[]): CheckedWorkerDefinition {
  const {
    consumers = [],
    projections,
    processes = [],
    relays = [],
    timers,
    leaseMs = defaultLeaseMs,
    ...callbacks
  } = checkOptions(definition, shape, "definition");
  const followed = projections ?? opened.filter(({ mode }) => mode === "async");
  if (consumers.length + followed.length + processes.length + relays.length === 0 && timers !== true)
    throw new InvalidArgumentError(
      "definition.consumers",
      "is missing or empty, and there are no async projections, no processes and no relays: a worker without any would do nothing. For one that only fires timers, write timers: true",
    );
  refuseTwice(consumers, "definition.consumers");
  refuseTwice(processes, "definition.processes");
  refuseTwice(relays, "definition.relays");
  return { consumers, projections: followed, processes, relays, timers: timers ?? true, leaseMs, ...callbacks };
}

function refuseTwice(named: readonly { readonly name: string; readonly version?: number }[], path: string): void {
  const twice = named.find(({ name, version }, index) => named.findIndex((other) => other.name === name && other.version === version) !== index);
  if (twice)
    throw new InvalidArgumentError(path, `holds ${JSON.stringify(twice.name)} twice${twice.version === undefined ? "" : `, each as version ${twice.version}`}`);
}

function checkRelay(value: unknown, path: string): DefinedRelay {
  if (value instanceof DefinedRelay) return value;
  throw new InvalidArgumentError(path, `must be what defineRelay returns, not ${describeValue(value)}`);
}

function checkProcess(value: unknown, path: string): DefinedProcess {
  if (value instanceof DefinedProcess) return value;
  throw new InvalidArgumentError(path, `must be what defineProcess returns, not ${describeValue(value)}`);
}

function checkConsumer(value: unknown, path: string): DefinedConsumer {
  if (value instanceof DefinedConsumer) return value;
  throw new InvalidArgumentError(path, `must be what defineConsumer returns, not ${describeValue(value)}`);
}

function checkAsync(value: unknown, path: string): readonly DefinedProjection[] {
  if (!Array.isArray(value)) throw new InvalidArgumentError(path, `must be an array of projections, not ${describeValue(value)}`);
  const projections = checkProjections(value, path);
  const inline = projections.findIndex(({ mode }) => mode === "inline");
  if (inline !== -1)
    throw new InvalidArgumentError(
      `${path}[${inline}]`,
      `is an inline projection, ${JSON.stringify(projections[inline]?.name)}: appends write it, and a store that is opened with it follows it where they do not. Leave it out here`,
    );
  return projections;
}
