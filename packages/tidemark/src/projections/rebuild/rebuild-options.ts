import { checkBoolean, checkFunction, checkSignal, oneOf, wholeNumber } from "../../arguments/checks.ts";
import { checkOptions } from "../../arguments/options.ts";

/**
 * How far a build is.
 *
 * @example
 * ```ts
 * const show = ({ events, total, remainingMs }: RebuildProgress): void => console.debug(events, total, remainingMs);
 * const later = () => store.projections.rebuild("cart-summary", { version: 2, onProgress: show });
 * ```
 */
export interface RebuildProgress {
  readonly state: "building" | "checking" | "ready";
  /** Events of the log that it has behind it, and all that there are now. */
  readonly events: number;
  readonly total: number;
  /** Events a second, since it began. */
  readonly perSecond: number;
  /** Milliseconds to go at that rate; undefined before the first events. */
  readonly remainingMs: number | undefined;
  /**
   * The transactions that have to end before it may serve, because they began before it was ready and might read half of its documents. Each with its
   * process id, role, application and age, as far as this role may see them.
   */
  readonly waitingFor: readonly string[];
}

/**
 * What to do where something of yours hangs on the table of the version that serves: `"refuse"`, or leave it there.
 *
 * @example
 * ```ts
 * const options: SwapOptions = { dependents: "keep" };
 * const later = () => store.projections.swap("cart-summary", options);
 * ```
 */
export interface SwapOptions {
  /** @defaultValue the newest that is registered; of `rollBack`: the one that served before */
  readonly version?: number;
  /** @defaultValue "refuse" */
  readonly dependents?: "refuse" | "keep";
  /** How long to wait for readers and appends that are in the way, in milliseconds. 0–2,147,483,647. @defaultValue 30,000 */
  readonly timeoutMs?: number;
  /** Ends the wait. What it did by then stays. */
  readonly signal?: AbortSignal;
}

/**
 * How to build a version.
 *
 * @example
 * ```ts
 * const options: RebuildOptions = { version: 2, swap: "manual", eventsPerSecond: 20_000 };
 * const later = () => store.projections.rebuild("cart-summary", options);
 * ```
 */
export interface RebuildOptions {
  /** @defaultValue the newest that this store was opened with, or else that is registered */
  readonly version?: number;
  /** `"auto"`: it serves as soon as it can. `"manual"`: it waits for `swap`. @defaultValue "auto" */
  readonly swap?: "auto" | "manual";
  /** How many documents to compare with a fold made another way, about. 1–2,147,483,647. @defaultValue 1,000 */
  readonly check?: number;
  /**
   * How fast the log may be read, in events a second. 1–2,147,483,647. A high number builds at full speed, whatever appends wait for.
   *
   * @defaultValue as fast as it can be while nothing is appended, and a fifth of the time beside appends
   */
  readonly eventsPerSecond?: number;
  /**
   * In how many parts to fold the log, by the hash of streams. 1–64. Each worker of the projection takes its share of them, so it takes as many
   * processes with a worker to gain anything, and cores for them and for PostgreSQL. Beside appends each process takes a fifth of the time.
   *
   * Only documents that are named after their stream can be made in parts, without unique indexes. Where an event changes another document, the build
   * begins anew in one part, and the logger is warned.
   *
   * @defaultValue 1
   */
  readonly parallel?: number;
  /** @see SwapOptions @defaultValue "refuse" */
  readonly dependents?: "refuse" | "keep";
  /** Called a few times a second. What it throws rejects the call; the build goes on. */
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Ends the watching, and the worker that the call started. The build goes on where it was once somebody follows it again. */
  readonly signal?: AbortSignal;
}

/**
 * How to drop a version.
 *
 * @example
 * ```ts
 * const options: DropOptions = { teardown: false };
 * const later = () => store.projections.drop("revenue", 1, options);
 * ```
 */
export interface DropOptions {
  /** Whether to run what the definition says, for which this store has to have it. @defaultValue true */
  readonly teardown?: boolean;
}

/**
 * Of which version, and until when.
 *
 * @example
 * ```ts
 * const options: RebuildDocumentOptions = { version: 1 };
 * await store.projections.rebuildDocument("cart-summary", "cart-42", options);
 * ```
 */
export interface RebuildDocumentOptions {
  /** @defaultValue the one that serves */
  readonly version?: number;
  /** Ends the reading. Nothing is written then. */
  readonly signal?: AbortSignal;
}

/**
 * Which documents to compare with the log.
 *
 * @example
 * ```ts
 * const options: CheckOptions = { sample: "all" };
 * const { different } = await store.projections.check("cart-summary", options);
 * ```
 */
export interface CheckOptions {
  /** @defaultValue the one that serves */
  readonly version?: number;
  /** How many, about, or all of them. 1–2,147,483,647. @defaultValue 1,000 */
  readonly sample?: number | "all";
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

const version = wholeNumber(1, 2_147_483_647);
const dependents = oneOf("refuse", "keep");
const swapShape = { version, dependents, timeoutMs: wholeNumber(0, 2_147_483_647), signal: checkSignal };
const rebuildShape = {
  version,
  swap: oneOf("auto", "manual"),
  check: wholeNumber(1, 2_147_483_647),
  eventsPerSecond: wholeNumber(1, 2_147_483_647),
  parallel: wholeNumber(1, 64),
  dependents,
  onProgress: checkFunction<(progress: RebuildProgress) => void>,
  signal: checkSignal,
};
const dropShape = { teardown: checkBoolean };

export function checkSwap(options: SwapOptions | undefined): SwapOptions {
  return checkOptions(options, swapShape);
}

const sampleSize = wholeNumber(1, 2_147_483_647);
const checkShape = {
  version,
  sample: (value: unknown, path: string): number | "all" => (value === "all" ? value : sampleSize(value, path)),
  signal: checkSignal,
};

export function checkCheck(options: CheckOptions | undefined): CheckOptions {
  return checkOptions(options, checkShape);
}

export function checkRebuildDocument(options: RebuildDocumentOptions | undefined): RebuildDocumentOptions {
  return checkOptions(options, { version, signal: checkSignal });
}

export function checkRebuild(options: RebuildOptions | undefined): RebuildOptions {
  return checkOptions(options, rebuildShape);
}

export function checkDrop(options: DropOptions | undefined): DropOptions {
  return checkOptions(options, dropShape);
}

export function checkVersion(value: number): number {
  return version(value, "version");
}
