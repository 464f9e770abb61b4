import type { CollectionIndex, Documents, DocumentSource, FindOptions, Path, PathValue, Stored, StoreTransaction, Where } from "tidemark";
import { cartStore, same, store } from "./cart.ts";

interface Summary {
  status: "open" | "closed";
  total: number;
  note?: string | null;
  paid: boolean;
  createdAt: string;
  seenAt: Date;
  customer: { name: string; address?: { city: string; zip: number } };
  tags: string[];
  lines: readonly { sku: string; quantity: number }[];
  "strange.key": { "back\\slash": number };
}

declare const projection: DocumentSource<Summary>;
declare const tx: StoreTransaction;

// A projection tells the type of its documents; a collection's name is told it.
same<Documents<Summary>>()(store.documents(projection));
same<Documents<Summary>>()(store.documents<Summary>("carts"));
same<Documents<Summary>>()(cartStore.documents(projection));
same<Documents<Summary>>()(tx.documents(projection));

const carts = store.documents(projection);
same<Stored<Summary> | undefined>()(await carts.get("cart-1"));
same<Stored<Summary>[]>()(await carts.getMany(["cart-1"]));
same<Stored<Summary>[]>()(await carts.find());
const { signal } = new AbortController();
same<Stored<Summary> | undefined>()(await carts.get("cart-1", { signal }));
same<Stored<Summary>[]>()(await carts.getMany(["cart-1"], { signal }));
same<Stored<Summary>[]>()(await carts.find({ where: { status: "open" }, signal }));
same<number>()(await carts.count({ signal }));
// @ts-expect-error -- a signal, and not the controller
void carts.page({ signal: new AbortController() });
same<Stored<Summary> | undefined>()(await carts.first());
same<{ readonly documents: Stored<Summary>[]; readonly next: Stored<Summary> | undefined }>()(await carts.page());
same<number>()(await carts.count());
const [first] = await carts.find();
same<string | undefined>()(first?._id);
same<number | undefined>()(first?._version);

// Paths go through objects, not into arrays or dates; a dot or a backslash in a key has a backslash before it.
declare const paths: Path<Summary>;
same<
  | "status"
  | "total"
  | "note"
  | "paid"
  | "createdAt"
  | "seenAt"
  | "customer"
  | "customer.name"
  | "customer.address"
  | "customer.address.city"
  | "customer.address.zip"
  | "tags"
  | "lines"
  | "strange\\.key"
  | "strange\\.key.back\\\\slash"
>()(paths);
declare const deep: Path<{ a: { b: { c: { d: { e: { f: string } } } } } }>;
same<"a" | "a.b" | "a.b.c" | "a.b.c.d" | "a.b.c.d.e">()(deep);

declare const city: PathValue<Summary, "customer.address.city">;
same<string>()(city);
declare const note: PathValue<Summary, "note">;
same<string | null | undefined>()(note);
declare const slash: PathValue<Summary, "strange\\.key.back\\\\slash">;
same<number>()(slash);

// What can be asked follows from what is there.
const where: Where<Summary> = {
  status: "open",
  total: { gte: 100, lt: 200, in: [100, 101], notIn: [5], ne: 7, exists: true },
  note: null,
  paid: true,
  createdAt: { gte: new Date(), lt: "2027-01-01" },
  seenAt: new Date(),
  "customer.address.city": { in: ["Pisa"] },
  "customer.address": { contains: { city: "Pisa" } },
  tags: { contains: "new", eq: ["a"] },
  lines: { contains: [{ sku: "tea", quantity: 1 }] },
  "strange\\.key.back\\\\slash": { gt: 9 },
  AND: [{ status: { ne: "closed" } }],
  OR: [{ total: 1 }, { NOT: { "customer.name": { gt: "M" } } }],
  NOT: { total: 3 },
};
const options: FindOptions<Summary> = { where, orderBy: { total: "desc", "customer.name": "asc" }, limit: 10, ...(first && { after: first }) };
await carts.find(options);
await carts.count({ where });
await carts.page({ where: {}, orderBy: {} });

// @ts-expect-error -- a misspelt path
await carts.find({ where: { totl: 1 } });
// @ts-expect-error -- a misspelt path further down
await carts.find({ where: { "customer.adress.city": "Pisa" } });
// @ts-expect-error -- no path goes into an array
await carts.find({ where: { "lines.sku": "tea" } });
// @ts-expect-error -- a key with a dot needs a backslash
await carts.find({ where: { "strange.key": { exists: true } } });
// @ts-expect-error -- a value of another type
await carts.find({ where: { total: "100" } });
// @ts-expect-error -- none of the status there are
await carts.find({ where: { status: "opened" } });
// @ts-expect-error -- an operator that does not exist
await carts.find({ where: { total: { above: 1 } } });
// @ts-expect-error -- true is not above false
await carts.find({ where: { paid: { gt: false } } });
// @ts-expect-error -- an array has no order
await carts.find({ where: { tags: { gt: "a" } } });
// @ts-expect-error -- a text contains nothing
await carts.find({ where: { createdAt: { contains: "2026" } } });
// @ts-expect-error -- nothing of the status is a moment
await carts.find({ where: { status: { gt: new Date() } } });
// @ts-expect-error -- an array is not compared as it stands
await carts.find({ where: { tags: ["a"] } });
// @ts-expect-error -- one operand where several belong
await carts.find({ where: { total: { in: 1 } } });
// @ts-expect-error -- OR takes several
await carts.find({ where: { OR: { total: 1 } } });
// @ts-expect-error -- a misspelt path inside OR
await carts.find({ where: { OR: [{ totl: 1 }] } });
// @ts-expect-error -- a direction that does not exist
await carts.find({ orderBy: { total: "descending" } });
// @ts-expect-error -- a path that does not exist
await carts.find({ orderBy: { totl: "asc" } });
// @ts-expect-error -- a page goes on behind a document, not an id
await carts.page({ after: "cart-1" });
// @ts-expect-error -- a count has no order
await carts.count({ orderBy: { total: "asc" } });

// Documents of an unknown shape can be asked for anything.
const anything = store.documents<Record<string, unknown>>("carts");
await anything.find({ where: { a: 1, "b.c": { gt: "x", contains: [1] } }, orderBy: { "d.e": "asc" } });
const counts = store.documents<Record<string, number>>("counts");
await counts.find({ where: { tea: { gt: 1 } }, orderBy: { tea: "desc" } });
// @ts-expect-error -- counts are numbers
await counts.find({ where: { tea: "many" } });

// Indexes are declared by the paths of their documents.
const indexes: readonly CollectionIndex<Summary>[] = [{ path: "customer.address.city" }, { paths: ["status", "total"], unique: true }];
same<readonly CollectionIndex<Summary>[]>()(indexes);
// @ts-expect-error -- a path that does not exist
const misspelt: CollectionIndex<Summary> = { path: "customer.city" };
// @ts-expect-error -- one path or several
const both: CollectionIndex<Summary> = { path: "total", paths: ["status"] };

// Deleted documents that keep their rows, and documents that lack events.
const deleted = await carts.find({ deleted: "include", where: { total: 1 } });
same<true | undefined>()(deleted[0]?._archived);
same<number>()(await carts.count({ deleted: "only" }));
await carts.get("cart-1", { deleted: "include" });
await carts.getMany(["cart-1"], { deleted: "only" });
// @ts-expect-error -- they are included, or nothing else is read
await carts.find({ deleted: true });
// @ts-expect-error -- neither
await carts.get("cart-1", { deleted: "exclude" });
store.documents<Summary>("carts", { stale: "warn" });
// @ts-expect-error -- it is an error, a warning or allowed
store.documents<Summary>("carts", { stale: "ignore" });
// @ts-expect-error -- the option is stale
store.documents<Summary>("carts", { staleDocuments: "warn" });
