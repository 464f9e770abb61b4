import fc from "fast-check";
import { documentProjection, type DocumentProjection, type Event, type EventStore, type RecordedEvent } from "tidemark";
import { eager, type Fate } from "./worker.ts";
import { describe, expect, rowsOf, test } from "./world.ts";

interface Change {
  readonly ids: readonly string[];
  readonly key: string;
  readonly how: "put" | "push" | "drop" | "delete" | "keys" | "fail" | "unstorable";
}
type Changed = Event<"Put" | "Moved" | "Other", Change>;
type Document = Record<string, unknown>;

/** Does what depends on how a document comes back from its table, and changes documents in place. */
function evolve(document: Document | undefined, { data: { key, how }, position, version }: RecordedEvent<Changed>, id: string): Document | null {
  const next: Document = document ?? { zebra: [], a: undefined, id };
  const list = Array.isArray(next["zebra"]) ? next["zebra"] : [];
  switch (how) {
    case "put":
      return { [key]: { position, version, none: undefined, at: [{ bb: 1, a: undefined }] }, _version: 7, ...next };
    case "push":
      list.push(key, "a" in next, "_version" in next);
      return { ...next, zebra: list };
    case "drop":
      return { ...next, [key]: undefined };
    case "delete":
      return null;
    case "keys":
      return { ...next, zebra: [JSON.stringify(next)].slice(-1) };
    case "fail":
      throw new Error(`cannot take ${position}`);
    case "unstorable":
      return { ...next, [key]: new Date(0) };
  }
}

function definition(name: string, tenants: "own" | "all", filtered: boolean): DocumentProjection<Document> {
  return documentProjection<Document, Changed>({
    name,
    mode: "async",
    collection: name,
    tenants,
    handles: ["Put", "Moved"],
    ...(filtered && { filter: { categories: ["s"] } }),
    documentId: ({ data }) => data.ids,
    evolve,
  });
}

const ids = fc.subarray(["a", "b", "ü-1", "c", "d"], { maxLength: 3 });
const key = fc.constantFrom("k", "zz", "10", "9", "ö", "é€", "longer", "__proto__");
const how = fc.oneof(
  { weight: 3, arbitrary: fc.constant("put" as const) },
  { weight: 3, arbitrary: fc.constant("push" as const) },
  fc.constantFrom("drop", "delete", "keys" as const),
);
const event = fc.record({
  stream: fc.constantFrom("s-1", "s-2", "t-1"),
  tenant: fc.constantFrom("", "acme"),
  type: fc.constantFrom("Put", "Put", "Moved", "Other" as const),
  data: fc.record({ ids, key, how }),
});
const fates = fc.array(fc.constantFrom<Fate>("commit", "lost before", "lost after"), { maxLength: 12 });

async function append(store: EventStore, events: readonly { stream: string; tenant: string; type: string; data: Change }[]): Promise<void> {
  for (const { stream, tenant, type, data } of events) await (tenant === "" ? store : store.forTenant(tenant)).appendToStream(stream, [{ type, data }]);
}

describe("documents that were built", () => {
  test("are those that were followed event by event, whatever the build died of", async ({ openStore, sql, schema, start }) => {
    const store = await openStore();
    let run = 0;
    const written: Parameters<typeof append>[1][number][] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 20, maxLength: 60, size: "max" }),
        fc.constantFrom("own", "all" as const),
        fc.boolean(),
        fates,
        fc.constantFrom(1_500, 3_000, 64 * 1024 * 1024),
        async (events, tenants, filtered, dies, memoryBytes) => {
          await append(store, events);
          written.push(...events);
          const [followed, built] = [definition(`followed-${++run}`, tenants, filtered), definition(`built-${run}`, tenants, filtered)];
          const following = await start([followed], { limits: undefined });
          const building = await start([built], { limits: { ...eager, memoryBytes }, fates: dies });
          await Promise.all([following.worker.caughtUp(), building.worker.caughtUp()]);
          expect(await rowsOf(sql, schema, built)).toEqual(await rowsOf(sql, schema, followed));
          await Promise.all([following.stop(), building.stop()]);
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });
});
