import type { RecordedEvent } from "../model/event.ts";
import { handledEvent } from "../tracing/handled-event.ts";
import type { Projecting } from "../tracing/messages.ts";
import { done, projecting } from "../tracing/operations.ts";
import type { TracedPlace, TracedStore } from "../tracing/traced-store.ts";
import type { DefinedProjection } from "./defined-projection.ts";

/** Makes operations of what inline projections do inside of appends. */
export class InlineTracing {
  readonly #store: TracedStore | undefined;

  /** @param store - Undefined: nothing is traced. */
  constructor(store: TracedStore | undefined) {
    this.#store = store;
  }

  /** Whether somebody listens. If not, nothing is made for an append. */
  get listened(): boolean {
    return this.#store !== undefined && projecting.isTraced;
  }

  /** Evolves documents in memory. */
  evolve(projection: DefinedProjection, events: readonly RecordedEvent[], work: () => void): void {
    if (!this.#store) return work();
    void projecting.traceCall(placeOf(this.#store, events), () => subjectOf(projection, events), work, done);
  }

  /** Calls a handler with events of one tenant. */
  handle(projection: DefinedProjection, events: readonly RecordedEvent[], work: () => Promise<void>): Promise<void> {
    if (!this.#store || !this.listened) return work();
    return projecting.trace(placeOf(this.#store, events), () => subjectOf(projection, events), work, done);
  }
}

function subjectOf({ name, version }: DefinedProjection, events: readonly RecordedEvent[]): Projecting {
  return { projection: name, version, events: events.map(handledEvent) };
}

/** Appends of several tenants may be written together. */
function placeOf(store: TracedStore, events: readonly RecordedEvent[]): TracedPlace {
  const tenant = events[0]?.tenant ?? "";
  return { store, tenant: events.every((event) => event.tenant === tenant) ? tenant : "" };
}
