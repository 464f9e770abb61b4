import type { FollowedLog } from "../feed/followed-log.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { Follower } from "../runtime/follower.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import type { RelaySettings } from "./defined-relay.ts";
import type { RelayMap } from "./relay.ts";

export interface SourceContext extends Pick<WorkerContext, "database" | "schema" | "codec" | "logger"> {
  /** The messages of the outbox, as a log. */
  readonly outbox: FollowedLog;
}

/** What of a source is published again. */
export interface ReplayedRange {
  readonly settings: RelaySettings;
  readonly tenant: string;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. Undefined: the mark of this moment. */
  readonly until: number | undefined;
  readonly filter: RelaySettings["filter"];
  readonly pageSize: number;
  readonly signal: AbortSignal;
}

/** Options that go with one source alone. */
export type ForeignOption = "events" | "filter" | "prefix" | "since" | "topics" | "keepMs";

/** Where a relay's messages come from. A source is a room of its own: the relay knows none by its name. */
export interface RelaySource {
  readonly name: "events" | "outbox";
  /** Options of a definition that have no meaning for it, and what to do without them. */
  readonly refuses: { readonly options: readonly ForeignOption[]; readonly because: string };
  /** What an entry becomes if the relay has no `map`. */
  readonly map: RelayMap;
  /** What it adds to the follower. */
  follow(context: SourceContext, settings: RelaySettings, relay: string): Pick<Follower, "source" | "decoder" | "decoderApart" | "filterChanged">;
  /** Reads a part of it again. */
  read(context: SourceContext, store: EventReaderWriter, range: ReplayedRange): AsyncIterable<readonly RecordedEvent[]>;
  /** Removes what every relay has published long ago, and says how many there were. Undefined: it keeps everything. */
  readonly forget?: (context: SourceContext, old: Forgotten) => Promise<number>;
}

/** What is removed of a source. */
export interface Forgotten {
  /** Undefined: of all tenants. */
  readonly tenant: string | undefined;
  readonly keepMs: number;
  readonly most: number;
}
