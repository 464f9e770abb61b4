import type { EventStore } from "tidemark";
import { isEnough } from "../../wire/changes.ts";
import { changes } from "../changes/change-table.ts";
import { ChangeDesk } from "../changes/desk.ts";
import { ChangeRefusedError } from "../changes/refused.ts";
import { LiveTail } from "../events/live-tail.ts";
import type { StudioUser, ValidOptions } from "../options.ts";
import { beginReports } from "./beforehand.ts";
import { bodyOf } from "./body.ts";
import { type Call, type Route, SharedReports } from "./call.ts";
import { AbsentError, problemResponse } from "./problem.ts";
import { adminRoutes } from "./routes.ts";
import { tail } from "./tail.ts";
import type { Turns } from "./turns.ts";

/** Runs routes and changes for requests: for as long as somebody waits for the answer, and no longer than the options say. */
export class Api {
  readonly #store: EventStore;
  readonly #options: ValidOptions;
  readonly #shared = new SharedReports();
  readonly #turns: Turns;
  readonly #liveTail: LiveTail;
  readonly #desk: ChangeDesk;

  /** @param turns - In which routes read, those of all tenants. */
  constructor(store: EventStore, options: ValidOptions, turns: Turns) {
    this.#store = store;
    this.#options = options;
    this.#turns = turns;
    this.#liveTail = new LiveTail(store, options);
    this.#desk = new ChangeDesk(store);
  }

  /** A page was asked for, by somebody who may see it. */
  begin(page: string): void {
    void beginReports(page, { store: this.#store, shared: this.#shared, options: this.#options });
  }

  answer(request: Request, user: StudioUser, route: Route): Promise<Response> {
    return this.#within(request.signal, (signal) => {
      const query = new URL(request.url).searchParams;
      const call: Call = {
        store: this.#store,
        options: this.#options,
        query,
        signal,
        shared: this.#shared,
        liveTail: this.#liveTail,
        left: request.signal,
        user,
      };
      if (Object.values(adminRoutes).includes(route) && !isEnough(user.role, "admin"))
        throw new ChangeRefusedError("role-refused", "Only an admin may see this.");
      // The tail reads once for all who ask at once: in turns they would not.
      return route === tail ? route(call) : this.#turns.take(signal, () => route(call));
    });
  }

  /** What was begun is ended, whether somebody waits for it or not. */
  change(request: Request, user: StudioUser, name: string): Promise<Response> {
    return this.#within(new AbortController().signal, async (signal) => {
      const change = Object.hasOwn(changes, name) ? changes[name] : undefined;
      if (!change) throw new AbsentError(`There is no change ${JSON.stringify(name)}.`);
      return this.#desk.answer(change, { body: await bodyOf(request), actor: user, signal });
    });
  }

  async #within(left: AbortSignal, work: (signal: AbortSignal) => Promise<unknown>): Promise<Response> {
    const signal = AbortSignal.any([left, AbortSignal.timeout(this.#options.timeoutMs)]);
    try {
      const answer = await orAborted(work, signal);
      return answer instanceof Response ? answer : Response.json(answer);
    } catch (error) {
      return problemResponse(error);
    }
  }
}

/** Whoever waits has left, or was long enough there. Work that takes no signal is short, and its result or error is nobody's. */
async function orAborted<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([(async () => work(signal))(), promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
