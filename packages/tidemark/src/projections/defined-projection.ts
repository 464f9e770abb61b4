import type { EventCatalogue } from "../model/event-catalogue.ts";
import { refuseWithoutCatalogue } from "../catalogue/definition-events.ts";
import type { EventCodec, EventDecoder, ReaderVersions } from "../catalogue/event-codec.ts";
import type { EventQuery, RecordedEvent } from "../model/event.ts";
import type { StoreTransaction } from "../transaction/event-reader-writer.ts";
import type { ValidQueryItem } from "../read/filter.ts";
import type { Projection } from "../arguments/projection.ts";
import type { ValidIndex } from "../documents/collection-index.ts";
import type { ProjectionTransaction } from "./projection.ts";
import type { UnwrittenEvent } from "./unwritten-event.ts";

/** Which events. */
export interface ProjectedEvents {
  /** As the feed takes it. */
  readonly query: EventQuery;
  /** The same, checked. */
  readonly items: readonly ValidQueryItem[];
  /** Older versions of event types that its code still knows. */
  readonly as: ReaderVersions | undefined;
  readonly catalogue: EventCatalogue | undefined;
}

/** Documents that are evolved in memory. */
export interface DocumentWork {
  readonly kind: "documents";
  readonly collection: string;
  readonly indexes: readonly ValidIndex[];
  readonly deletes: "hard" | "soft";
  /** What the definition says, unchecked: a string, several, or none. */
  readonly documentId: (event: RecordedEvent | UnwrittenEvent) => unknown;
  readonly evolve: (document: object | undefined, event: RecordedEvent, id: string) => unknown;
}

/** A handler of the user's, in the transaction. */
export interface HandlerWork {
  readonly kind: "handler";
  readonly handle: (events: readonly RecordedEvent[], tx: ProjectionTransaction) => Promise<void> | void;
  /** Whether `handle` takes several. */
  readonly inBatches: boolean;
  readonly setup: ((tx: StoreTransaction) => Promise<void>) | undefined;
  readonly teardown: ((tx: StoreTransaction) => Promise<void>) | undefined;
  readonly swap: ((tx: StoreTransaction) => Promise<void>) | undefined;
}

/** What a projection is known by, and where it begins. */
export interface ProjectionIdentity {
  readonly name: string;
  readonly version: number;
  readonly mode: "inline" | "async";
  readonly tenants: "own" | "all";
  /** Undefined: at the end of the log. */
  readonly startAfter: number | undefined;
  /** Whether it is built beside another version that serves, and takes over, by itself. */
  readonly rebuild: "auto" | "manual";
}

/** A projection whose definition was checked, with every default filled in. */
export class DefinedProjection<Work extends DocumentWork | HandlerWork = DocumentWork | HandlerWork> implements Projection {
  readonly name: string;
  readonly version: number;
  readonly mode: "inline" | "async";
  readonly tenants: "own" | "all";
  readonly startAfter: number | undefined;
  readonly rebuild: "auto" | "manual";
  readonly events: ProjectedEvents;
  readonly work: Work;

  constructor(identity: ProjectionIdentity, events: ProjectedEvents, work: Work) {
    this.name = identity.name;
    this.version = identity.version;
    this.mode = identity.mode;
    this.tenants = identity.tenants;
    this.startAfter = identity.startAfter;
    this.rebuild = identity.rebuild;
    this.events = events;
    this.work = work;
  }
}

/** One whose documents can be read. */
export class DefinedDocumentProjection extends DefinedProjection<DocumentWork> {
  readonly collection: string;
  readonly indexes: readonly ValidIndex[];
  readonly deletes: "hard" | "soft";

  constructor(...[identity, events, work]: ConstructorParameters<typeof DefinedProjection<DocumentWork>>) {
    super(identity, events, work);
    this.collection = work.collection;
    this.indexes = work.indexes;
    this.deletes = work.deletes;
    Object.freeze(this);
  }
}

/** What a projection looks for in the log, and what the events there are to it. */
export function decoderOf(
  { name, events: { items, as, catalogue } }: Pick<DefinedProjection, "name" | "events">,
  codec: EventCodec,
): EventDecoder<ValidQueryItem> {
  refuseWithoutCatalogue(codec, catalogue, `projection ${JSON.stringify(name)}`, "projections");
  return codec.decoder({ filter: items, as });
}

/**
 * A projection and its version as one text: `consumers.name` of what follows the log for it, as `follower_name` of `schema/functions`
 * makes it. A name that a user chose holds no control character.
 */
export function followerOf({ name, version }: Pick<Projection, "name" | "version">): string {
  return `projection\u001d${name}\u001d${version}`;
}

/** Whether the row `c` of consumers follows for the row `p` of projections. */
export const followsSql: string = "c.kind = 'projection' and c.owner_name = p.name and c.owner_version = p.version";
