import { type TracingChannel, tracingChannel } from "node:diagnostics_channel";
import type { TracedPlace } from "./traced-store.ts";

/** What every message has: where, and once the operation has ended, what came of it. */
export interface OperationMessage<Result> extends TracedPlace {
  /** May be set at `start`: runs the operation, for example in the context of a tracer. Must return what `work` returns. */
  within?: <T>(work: () => T) => T;
  result?: Result;
  error?: unknown;
}

/** What a message says of an operation that has ended. */
export type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

/**
 * The seam to `node:diagnostics_channel`: one kind of operation, whose channel is called `tidemark:<name>`. Its messages come in the order of
 * Node.js's own tracing channels: `start`, `end` where the call has returned, then `asyncStart` and `asyncEnd` where it returned a promise;
 * `error` before those that tell of a failure. Stores that are bound to `start` hold for the operation and all that it calls.
 *
 * Without a subscriber an operation costs one look at the channel. What it is of is described only where somebody listens.
 */
export class Operation<Subject extends object, Result> {
  readonly #channel: TracingChannel<unknown, OperationMessage<Result> & Subject>;

  constructor(name: string) {
    this.#channel = tracingChannel(`tidemark:${name}`);
  }

  /** Whether somebody listens. */
  get isTraced(): boolean {
    const { start, end, asyncStart, asyncEnd, error } = this.#channel;
    return start.hasSubscribers || end.hasSubscribers || asyncEnd.hasSubscribers || asyncStart.hasSubscribers || error.hasSubscribers;
  }

  /**
   * Runs `work`, and returns the promise that it returned.
   *
   * @param place - Undefined: it is not traced.
   * @param work - With the message, where it is traced.
   * @param outcome - What messages tell of what the promise resolved to: plain values, no data of events.
   */
  trace<T>(
    place: TracedPlace | undefined,
    describe: () => Subject,
    work: (message?: OperationMessage<Result> & Subject) => Promise<T>,
    outcome: (value: T) => Outcome<Result>,
  ): Promise<T> {
    if (!place || !this.isTraced) return work();
    const message = { ...place, ...describe() };
    return this.#run(
      message,
      () => work(message),
      (promise) => this.#observe(message, promise, outcome),
    );
  }

  /** The same for what need not return a promise. */
  traceCall<T>(place: TracedPlace, describe: () => Subject, work: () => Promise<T> | T, outcome: (value: T) => Outcome<Result>): Promise<T> | T {
    const message = { ...place, ...describe() };
    return this.#run(message, work, (value) => {
      if (value instanceof Promise) this.#observe(message, value, outcome);
      else this.#tell(message, outcome(value));
    });
  }

  #run<R>(message: OperationMessage<Result> & Subject, work: () => R, observe: (returned: R) => void): R {
    const { start, end } = this.#channel;
    return start.runStores(message, () => {
      try {
        const returned = message.within ? message.within(work) : work();
        observe(returned);
        return returned;
      } catch (error) {
        this.#tell(message, { error });
        throw error;
      } finally {
        end.publish(message);
      }
    });
  }

  /** Beside its caller, who gets the promise itself: nothing comes later because somebody listens. */
  #observe<T>(message: OperationMessage<Result> & Subject, promise: Promise<T>, outcome: (value: T) => Outcome<Result>): void {
    const { asyncStart, asyncEnd } = this.#channel;
    const settle = (told: Outcome<Result>): void => {
      this.#tell(message, told);
      asyncStart.publish(message);
      asyncEnd.publish(message);
    };
    promise.then(
      (value) => settle(outcome(value)),
      (error: unknown) => settle({ error }),
    );
  }

  #tell(message: OperationMessage<Result> & Subject, told: Outcome<Result>): void {
    Object.assign(message, told);
    if ("error" in told) this.#channel.error.publish(message);
  }
}
