import type { ValidQueryItem } from "../read/filter.ts";
import type { Event, EventQuery, RecordedEvent } from "../model/event.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import type { RetryPolicy } from "../runtime/retry-policy.ts";
import type { Effect } from "./effect.ts";
import type { Process } from "./process.ts";

/** A process whose definition was checked, with every default filled in. Its types are forgotten: the library calls its functions alike. */
export class DefinedProcess<State = unknown, E extends Event = Event> implements Process<State, E> {
  readonly kind = "process" as const;
  readonly name: string;
  readonly version: number;
  readonly settings: ProcessSettings;
  declare readonly "~types"?: { readonly state: State; readonly events: E };

  constructor(name: string, version: number, settings: ProcessSettings) {
    this.name = name;
    this.version = version;
    this.settings = settings;
    Object.freeze(this);
  }
}

export interface ProcessFunctions {
  readonly instanceId: (event: RecordedEvent) => string | null;
  readonly stateVersion: number;
  readonly initialState: () => unknown;
  readonly evolve: (state: unknown, event: RecordedEvent) => unknown;
  readonly react: (event: RecordedEvent, state: unknown) => readonly Effect[];
}

export interface ProcessSettings extends ProcessFunctions {
  readonly handles: readonly string[];
  /** Its inputs from outside, and the events of its timers. */
  readonly query: EventQuery;
  /** The same, checked. */
  readonly items: readonly ValidQueryItem[];
  readonly events: EventCatalogue | undefined;
  /** Undefined: the end. */
  readonly startAfter: number | undefined;
  readonly shards: number;
  /** Undefined: for ever. */
  readonly keepEndedMs: number | undefined;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly retryable: (error: unknown) => boolean;
}
