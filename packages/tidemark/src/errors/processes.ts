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

nameErrors({ ProcessParkedError });
