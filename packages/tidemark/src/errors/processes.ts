import { nameErrors, type Origin, TidemarkError, sentence } from "./tidemark-error.ts";

/**
 * An instance of a process waits for you: it failed at an input, or one of its commands failed for good. `onError` of the worker gets this
 * error once; `store.processes.get` shows it, and `store.processes.retry` lets the instance go on.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "PROCESS_PARKED")) console.error(error.process, error.instance, error.at);
 * ```
 */
export class ProcessParkedError extends TidemarkError {
  declare readonly code: "PROCESS_PARKED";
  readonly process: string;
  readonly instance: string;
  /** The number of the input in the instance: the one that failed, or the one that led to the command. */
  readonly input: number;
  /** `"input"`: `evolve` or `react` threw. `"command"`: a command that the input led to failed as often as it may. */
  readonly at: "input" | "command";

  constructor(
    parked: { readonly process: string; readonly instance: string; readonly input: number; readonly at: "input" | "command" },
    message: string,
    origin: Origin = {},
  ) {
    const { process, instance, input, at } = parked;
    const where = at === "input" ? `at its input ${input}` : `at a command of its input ${input}`;
    const rest = at === "input" ? "Its later inputs wait" : "Its later commands wait";
    super(
      "PROCESS_PARKED",
      `Instance ${JSON.stringify(instance)} of the process ${JSON.stringify(process)} is parked ${where}: ${sentence(message)} ${rest} until you call store.processes.retry; other instances go on.`,
      origin,
    );
    this.process = process;
    this.instance = instance;
    this.input = input;
    this.at = at;
  }
}

/** What waits for a version of a process that no worker runs. */
type WaitsForVersion = "instances" | "new-instances" | "next-version";

/**
 * No worker runs a version of a process that is needed: its instances wait, or those that it would start, or the next version waits for it
 * to reach the place where it ends. `onError` of a worker that runs another version gets this error; when a worker runs the version,
 * everything goes on.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "PROCESS_VERSION_MISSING")) console.error(error.process, error.version, error.waits);
 * ```
 */
export class ProcessVersionMissingError extends TidemarkError {
  declare readonly code: "PROCESS_VERSION_MISSING";
  readonly process: string;
  /** The version that no worker runs. */
  readonly version: number;
  /**
   * `"instances"`: instances of this version. `"new-instances"`: the instances that it would start. `"next-version"`: the version above it,
   * which starts no instance before this one has handled the events up to the cut between them.
   */
  readonly waits: "instances" | "new-instances" | "next-version";

  constructor(missing: { readonly process: string; readonly version: number; readonly waits: WaitsForVersion }) {
    const { process, version, waits } = missing;
    super(
      "PROCESS_VERSION_MISSING",
      `No worker runs version ${version} of the process ${JSON.stringify(process)}: ${what[waits]} Add that version to a worker, beside the others: createWorker({ processes: [...] }). store.processes.versions(${JSON.stringify(process)}) shows when it is no longer needed.`,
    );
    this.process = process;
    this.version = version;
    this.waits = waits;
  }
}

const what: Readonly<Record<WaitsForVersion, string>> = {
  instances: "its instances wait, with their inputs, timers and commands.",
  "new-instances": "it is the version that starts new instances, and these wait.",
  "next-version": "it has not yet handled the events up to the cut, and the next version waits for that.",
};

nameErrors({ ProcessParkedError, ProcessVersionMissingError });
