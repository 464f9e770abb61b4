import type { EventStore } from "tidemark";
import { LiveTail } from "../events/live-tail.ts";
import type { StudioUser, ValidOptions } from "../options.ts";
import { type Call, type Route, SharedReports } from "./call.ts";
import { orAborted } from "./or-aborted.ts";
import { tailProblem } from "./problem.ts";
import { turnsOf } from "./turns.ts";

/** Who asks a route, and what. */
export interface ReadRequest {
  readonly query: URLSearchParams;
  readonly user: StudioUser;
  /** Aborted when whoever asks has left. */
  readonly left: AbortSignal;
}

/** Reads what routes report of one store: in turn, for as long as somebody waits for the answer, and no longer than the options say. */
export class Reader {
  readonly #store: EventStore;
  readonly #root: EventStore;
  readonly #options: ValidOptions;
  readonly #shared = new SharedReports();
  readonly #liveTail: LiveTail;

  /** @param root - The store whose turns it takes: of all tenants. */
  constructor(store: EventStore, options: ValidOptions, root: EventStore = store) {
    this.#store = store;
    this.#root = root;
    this.#options = options;
    this.#liveTail = new LiveTail(store, options, tailProblem);
  }

  read({ read, inTurn }: Pick<Route, "read" | "inTurn">, { query, user, left }: ReadRequest): Promise<unknown> {
    const signal = AbortSignal.any([left, AbortSignal.timeout(this.#options.timeoutMs)]);
    const call: Call = { store: this.#store, options: this.#options, query, signal, left, shared: this.#shared, liveTail: this.#liveTail, user };
    return orAborted(async () => (inTurn ? turnsOf(this.#root).take(signal, () => read(call)) : read(call)), signal);
  }
}
