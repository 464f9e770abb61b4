import {
  defineProjection,
  documentProjection,
  type DocumentProjection,
  type EventStore,
  openEventStore,
  type Projection,
  type ProjectionInfo,
  type ProjectionTransaction,
} from "tidemark";
import { type CartEvent, same } from "./cart.ts";

interface Summary {
  readonly total: number;
}

const common = { name: "summary", mode: "inline", collection: "summaries" } as const;

const byType = documentProjection<Summary, CartEvent>({
  ...common,
  documentId: (event) => event.streamId,
  evolve: {
    ItemAdded: (document, event) => ({ total: (document?.total ?? 0) + event.data.quantity }),
    // @ts-expect-error -- a confirmation has no quantity
    CartConfirmed: (document, event) => ({ total: event.data.quantity }),
  },
});
same<DocumentProjection<Summary>>()(byType);

documentProjection<Summary, CartEvent, "ItemAdded">({
  ...common,
  handles: ["ItemAdded"],
  documentId: (event) => [event.data.sku],
  evolve: (document, event) => ({ total: (document?.total ?? 0) + event.data.price }),
});
// @ts-expect-error -- evolve as a function needs handles
documentProjection<Summary, CartEvent>({ ...common, documentId: () => "a", evolve: () => null });
// @ts-expect-error -- no such event
documentProjection<Summary, CartEvent>({ ...common, documentId: () => "a", evolve: { ItemAded: () => null } });
// @ts-expect-error -- another document
documentProjection<Summary, CartEvent>({ ...common, documentId: () => "a", evolve: { ItemAdded: () => ({ sum: 1 }) } });
// @ts-expect-error -- undefined is no document
documentProjection<Summary, CartEvent>({ ...common, documentId: () => "a", evolve: { ItemAdded: () => undefined } });

documentProjection<Summary, CartEvent, "ItemAdded">({
  ...common,
  documentId: (event) => event.data.sku,
  evolve: { ItemAdded: (_document, event) => ({ total: event.data.quantity }) },
});
// @ts-expect-error -- a type that is not among those named
documentProjection<Summary, CartEvent, "ItemAdded">({ ...common, documentId: () => "a", evolve: { ItemAdded: () => null, CartConfirmed: () => null } });
documentProjection<Summary>({ ...common, documentId: () => "a", evolve: { Anything: () => null, Else: () => ({ total: 1 }) } });

const sql = defineProjection<CartEvent, "ItemAdded">({
  name: "sql",
  mode: "async",
  handles: ["ItemAdded"],
  handle: async (event, tx) => {
    same<number>()(event.data.quantity);
    same<boolean>()(tx.replaying);
    await tx.query("select $1", [event.position]);
  },
});
same<Projection>()(sql);
// @ts-expect-error -- one of them
defineProjection<CartEvent, "ItemAdded">({ name: "sql", mode: "async", handles: ["ItemAdded"], handle: () => {}, handleBatch: () => {} });

declare const tx: ProjectionTransaction;
same<boolean>()(tx.replaying);

const store = await openEventStore({ projections: [byType, sql], unknownProjections: "error" });
same<EventStore>()(store);
same<Promise<readonly ProjectionInfo[]>>()(store.projections.list());
same<Promise<ProjectionInfo>>()(store.projections.get("summary", { version: 1 }));
same<Promise<readonly ProjectionInfo[]>>()(store.projections.list({ signal: AbortSignal.timeout(1_000) }));
same<Promise<ProjectionInfo>>()(store.projections.get("summary", { version: 1, signal: AbortSignal.timeout(1_000) }));
// @ts-expect-error -- a change is not ended half-way
void store.projections.pause("summary", { signal: AbortSignal.timeout(1_000) });
store.createWorker({ projections: [sql] });
store.createWorker();
const found = await store.documents(byType).get("cart-1");
same<number | undefined>()(found?.total);

// Versions, and single documents.
const rebuilt = await store.projections.rebuildDocument("summary", "cart-1", { version: 1 });
same<boolean>()(rebuilt.changed);
same<object | undefined>()(rebuilt.document);
same<number>()((await store.projections.check("summary", { sample: "all" })).different);
// @ts-expect-error -- a number or all
await store.projections.check("summary", { sample: "some" });
await openEventStore({ staleDocuments: "error" });
// @ts-expect-error -- it is an error, a warning or allowed
await openEventStore({ staleDocuments: "never" });
documentProjection<{ n: number }, CartEvent, "ItemAdded">({
  name: "soft",
  mode: "inline",
  collection: "soft",
  deletes: "soft",
  handles: ["ItemAdded"],
  documentId: ({ streamId }) => streamId,
  evolve: () => null,
});
documentProjection<{ n: number }, CartEvent, "ItemAdded">({
  name: "soft",
  mode: "inline",
  collection: "soft",
  // @ts-expect-error -- hard or soft
  deletes: "archive",
  handles: ["ItemAdded"],
  documentId: ({ streamId }) => streamId,
  evolve: () => null,
});
