import type { EventCatalogue } from "../model/event-catalogue.ts";
import type { EventQuery, RecordedEvent } from "../model/event.ts";
import type { ValidQueryItem } from "../read/filter.ts";
import type { RetryPolicy } from "../runtime/retry-policy.ts";
import type { Relay, RelayMap } from "./relay.ts";
import type { RelaySource } from "./relay-source.ts";
import type { Sink } from "./sink.ts";

/** A relay whose definition was checked, with every default filled in. */
export class DefinedRelay implements Relay {
  readonly kind = "relay" as const;
  readonly name: string;
  readonly settings: RelaySettings;

  constructor(name: string, settings: RelaySettings) {
    this.name = name;
    this.settings = settings;
    Object.freeze(this);
  }
}

export interface RelaySettings {
  readonly source: RelaySource;
  /** How long what was published is kept, where the source forgets. */
  readonly keepMs: number;
  readonly filter: EventQuery | undefined;
  /** The same, checked. */
  readonly items: readonly ValidQueryItem[] | undefined;
  readonly events: EventCatalogue | undefined;
  /** Undefined: the end. */
  readonly startAfter: number | undefined;
  readonly tenants: "own" | "all";
  readonly sink: Sink;
  readonly map: RelayMap;
  readonly key: (event: RecordedEvent) => string;
  readonly shards: number;
  readonly batchSize: number;
  readonly inFlight: number;
  readonly ackTimeoutMs: number;
  readonly mapTimeoutMs: number;
  readonly retry: RetryPolicy;
  /** So many refusals in a row are parked. Undefined: any number. */
  readonly mostRefused: number | undefined;
}
