import type { EventStore } from "tidemark";
import type { Role } from "../../wire/changes.ts";
import type { LiveTail } from "../events/live-tail.ts";
import type { StudioUser, ValidOptions } from "../options.ts";

/** What a reading is given. It returns what becomes JSON, or a response of its own. */
export interface Call {
  readonly store: EventStore;
  readonly options: ValidOptions;
  readonly query: URLSearchParams;
  /** Aborted when the browser has left, or when the time is over. */
  readonly signal: AbortSignal;
  /** Aborted when the browser has left, however long that takes. */
  readonly left: AbortSignal;
  readonly shared: SharedReports;
  readonly liveTail: LiveTail;
  /** Who asks. */
  readonly user: StudioUser;
}

export type Reading = (call: Call) => Promise<unknown>;

/** What is answered at an address. */
export interface Route {
  readonly read: Reading;
  /** The least that may ask. */
  readonly role: Role;
  /** Whether it waits until few enough others read. */
  readonly inTurn: boolean;
  /** Whether it reports the same to all who ask at a time: a page begins it before the browser asks. */
  readonly isShared: boolean;
}

/** What a report takes that is the same for all who ask. */
export type SharedCall = Pick<Call, "store" | "shared" | "options">;

/** Reports that cost much: however many ask at once, the database is asked once, and an answer is good for a while. */
export class SharedReports {
  readonly #kept = new Map<string, { readonly until: number; readonly report: Promise<unknown> }>();

  of<T>(name: string, keptMs: number, make: () => Promise<T>): Promise<T> {
    const kept = this.#kept.get(name);
    if (kept && performance.now() < kept.until) return cast<T>(kept.report);
    const report = make();
    const entry = { until: Number.POSITIVE_INFINITY, report };
    this.#kept.set(name, entry);
    report.then(
      () => this.#kept.set(name, { until: performance.now() + keptMs, report }),
      // What failed is tried again by the next who asks.
      () => this.#kept.delete(name),
    );
    return report;
  }
}

/** Each name has one maker, so that what is kept has its type. */
function cast<T>(report: Promise<unknown>): Promise<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return report as Promise<T>;
}
