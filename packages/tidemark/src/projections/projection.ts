import type { StartFrom } from "../arguments/start-from.ts";
import type { Projection } from "../arguments/projection.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import type { ReaderVersions } from "../catalogue/event-codec.ts";
import type { Event, EventOf, EventQuery, RecordedEvent } from "../model/event.ts";
import type { NoOlderShapes, OlderEvents } from "../model/reader-shapes.ts";
import type { Session } from "../database/database.ts";
import type { StoreTransaction } from "../transaction/event-reader-writer.ts";
import type { CollectionIndex } from "../documents/collection-index.ts";

/**
 * A projection whose documents are read with `store.documents(projection)`.
 *
 * @example
 * ```ts
 * const projection: DocumentProjection<CartSummary> = cartSummary;
 * const summary = await store.documents(projection).get("cart-42");
 * ```
 */
export interface DocumentProjection<Document extends object> extends Projection {
  readonly collection: string;
  /** For inference alone; there is no such property. */
  readonly "~document"?: Document;
}

/**
 * What an event makes of a document: undefined is none yet, null deletes it. `id` is the document's.
 *
 * @example
 * ```ts
 * const evolve: Evolve<{ total: number }, RecordedEvent<ItemAdded>> = (document, event) => ({ total: (document?.total ?? 0) + event.data.price });
 * ```
 */
export type Evolve<Document, E> = (document: Document | undefined, event: E, id: string) => Document | null;

/**
 * A function for each type of event that the projection handles.
 *
 * @example
 * ```ts
 * const evolve: EvolveByType<{ total: number }, CartEvent> = { ItemAdded: (document, event) => ({ total: (document?.total ?? 0) + event.data.price }) };
 * ```
 */
export type EvolveByType<Document, E extends Event, Type extends E["type"] = E["type"], As extends ReaderVersions = NoOlderShapes> = {
  readonly [One in Type]?: Evolve<Document, HandledEvent<E, One, As>>;
};

/** An event of these types as the functions of a projection get it: its data has no type where `as` asks for an older shape. */
type HandledEvent<E extends Event, Type extends E["type"], As> = RecordedEvent<OlderEvents<EventOf<E, Type>, As>>;

/** The shapes that a projection asks for. */
interface ReaderOfShapes<As extends ReaderVersions> {
  /**
   * Older versions of event types that its code still knows, as `{ CartConfirmed: 2 }`. With `events`, the data of these types has no type.
   * Where you name the types yourself, name them in these shapes.
   * @defaultValue the newest of each
   */
  readonly as?: As;
}

/** What every projection has. */
export interface ProjectionBase<E extends Event> {
  /** 1–200 bytes. Name and version are the identity: they hold the place in the log. */
  readonly name: string;
  /**
   * From 1 on. A higher one is built beside the one that serves, from the beginning of the log, and then takes its place; see `rebuild`.
   * @defaultValue 1
   */
  readonly version?: number;
  /** `"inline"`: in the transaction of the append. `"async"`: later, by a worker, exactly once. */
  readonly mode: "inline" | "async";
  /**
   * The catalogue that the store is opened with: the functions of the projection get its types, and the definition may name no others.
   * @defaultValue the types that you name, unchecked
   */
  readonly events?: EventCatalogue<E, Event>;
  /** Narrows the events further than `handles`. */
  readonly filter?: EventQuery<E>;
  /**
   * Whose events a worker of `store` brings to an async projection: the store's own, or those of every tenant. An inline one
   * gets every append's. Documents belong to the tenant of the event. @defaultValue "own"
   */
  readonly tenants?: "own" | "all";
  /**
   * Where an async projection begins that is new: when its first worker starts, once for each tenant. Later it goes on from its
   * checkpoint. An inline one begins at the beginning. @defaultValue "beginning"
   */
  readonly startFrom?: StartFrom;
  /**
   * What happens to a version of a name that another version serves already. `"auto"`: it is built from the log as soon as a store or a
   * worker knows it, and serves once it is up to date and its check holds. `"manual"`: it waits for `store.projections.rebuild`.
   * @defaultValue "auto"
   */
  readonly rebuild?: "auto" | "manual";
}

export interface DocumentProjectionBase<E extends Event> extends ProjectionBase<E> {
  /** Names the collection, 1–45 bytes: a table for each version, in the store's PostgreSQL schema. */
  readonly collection: string;
}

/**
 * With `handles` and one function, or with a function for each type.
 *
 * @example
 * ```ts
 * const definition: DocumentProjectionDefinition<{ items: number }, CartEvent, "ItemAdded"> = {
 *   name: "counts",
 *   mode: "async",
 *   collection: "counts",
 *   handles: ["ItemAdded"],
 *   documentId: (event) => event.data.sku,
 *   evolve: (document, event) => ({ items: (document?.items ?? 0) + event.data.quantity }),
 * };
 * const counts = documentProjection(definition);
 * ```
 */
export type DocumentProjectionDefinition<
  Document extends object,
  E extends Event,
  Type extends E["type"],
  As extends ReaderVersions = NoOlderShapes,
> = DocumentProjectionBase<E> &
  ReaderOfShapes<As> & {
    /**
     * The documents that an event changes: the id of one, several, or none (null, `[]`). An id has 1–512 bytes. Of an inline
     * projection it is asked before the event has its `version`, `position` and `recordedAt`: these are undefined then, and what it
     * gives must not depend on them.
     */
    readonly documentId: (event: HandledEvent<E, Type, As>) => string | readonly string[] | null;
    /**
     * Paths of documents that questions and orders go by, at most 16 indexes of at most 3 paths. They are created with the
     * collection; one that is added later is built when a store is opened, while documents are written.
     */
    readonly indexes?: readonly CollectionIndex<NoInfer<Document>>[];
    /**
     * What becomes of a document for which `evolve` returns null. `"hard"`: it is gone. `"soft"`: it keeps its row and its last content, marked
     * `_archived`, and readings leave it out unless they ask for it (`deleted`). Either way the next event finds no document, and may make
     * one anew; unique indexes leave deleted ones out.
     * @defaultValue "hard"
     */
    readonly deletes?: "hard" | "soft";
  } & (
    | { readonly handles: readonly Type[]; readonly evolve: Evolve<Document, HandledEvent<E, Type, As>> }
    | { readonly handles?: never; readonly evolve: EvolveByType<Document, E, Type, As> }
  );

/** The store on a session, for one tenant. */
export type CreateProjectionTransaction = (
  session: Session,
  tenant: string,
  how?: {
    /** Called when something was appended. */
    readonly onAppended?: () => void;
    /** Another version serves, so that nothing outside should happen. */
    readonly replaying?: boolean;
  },
) => ProjectionTransaction;

/**
 * What the handler of a projection of your own works in: everything in it commits with the events, or with the checkpoint.
 *
 * @example
 * ```ts
 * export async function note(tx: ProjectionTransaction, text: string): Promise<void> {
 *   if (!tx.replaying) await tx.query("select $1::text", [text]);
 * }
 * ```
 */
export interface ProjectionTransaction<Events extends Event = Event> extends StoreTransaction<Events> {
  /**
   * Whether another version of the projection has the effects of these events outside the database, so that here nothing outside should
   * happen: while this one is built, and while it is kept up to date beside the one that serves.
   */
  readonly replaying: boolean;
}

/**
 * What `defineProjection` takes.
 *
 * @example
 * ```ts
 * const definition: ProjectionDefinition<CartEvent, "CartConfirmed"> = {
 *   name: "confirmed",
 *   mode: "async",
 *   handles: ["CartConfirmed"],
 *   handle: async (event, tx) => void (await tx.query("select $1::text", [event.data.at])),
 * };
 * const confirmed = defineProjection(definition);
 * ```
 */
export type ProjectionDefinition<E extends Event, Type extends E["type"], As extends ReaderVersions = NoOlderShapes> = ProjectionBase<E> & {
  readonly as?: As;
} & {
  /** The types of its events, at least one. */
  readonly handles: readonly Type[];
  /**
   * Runs once, before the first event: create tables here. It commits with the registration, which other processes that open with the projection
   * wait for, so the server ends its transaction where 10 seconds pass without a statement. A statement itself may take as long as any.
   */
  readonly setup?: (tx: StoreTransaction) => Promise<void>;
  /**
   * Runs once, when this version comes to serve instead of another: have views of your own show its tables here. It commits with the
   * swap, which readers and appends wait for, so keep it short: each of its locks is waited for 100 ms at most, and then it is
   * tried again as a whole.
   */
  readonly swap?: (tx: StoreTransaction) => Promise<void>;
  /** Undoes `setup`, when this version is removed by `store.projections.drop`: drop its tables here. It commits with the removal. */
  readonly teardown?: (tx: StoreTransaction) => Promise<void>;
} & (
    | { readonly handle: (event: HandledEvent<E, Type, As>, tx: ProjectionTransaction) => Promise<void> | void; readonly handleBatch?: never }
    | {
        /** Events of one tenant, in the order of the log. */
        readonly handleBatch: (events: readonly HandledEvent<E, Type, As>[], tx: ProjectionTransaction) => Promise<void> | void;
        readonly handle?: never;
      }
  );
