import type { EventStore } from "tidemark";
import type { ValidOptions } from "../options.ts";
import { type Call, type Route, SharedReports } from "./call.ts";
import { problemOf } from "./problem.ts";

/** Runs routes for requests: for as long as somebody waits for the answer, and no longer than the options say. */
export class Api {
  readonly #store: EventStore;
  readonly #options: ValidOptions;
  readonly #shared = new SharedReports();

  constructor(store: EventStore, options: ValidOptions) {
    this.#store = store;
    this.#options = options;
  }

  async answer(request: Request, route: Route): Promise<Response> {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(this.#options.timeoutMs)]);
    const call: Call = { store: this.#store, options: this.#options, query: new URL(request.url).searchParams, signal, shared: this.#shared };
    try {
      return Response.json(await orAborted(route(call), signal));
    } catch (error) {
      const problem = problemOf(error);
      return Response.json(problem, { status: problem.status, headers: { "content-type": "application/problem+json" } });
    }
  }
}

/** Whoever waits has left, or was long enough there. Work that takes no signal is short, and its result or error is nobody's. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
