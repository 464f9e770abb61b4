import { setTimeout as delay } from "node:timers/promises";
import { defineProjection, documentProjection, type DocumentProjection, type EventStore, type Projection, type RecordedEvent } from "tidemark";
import pg from "pg";
import { schema, type Script } from "./step.ts";

interface Measured {
  readonly name: string;
  readonly value: number;
  readonly at: string;
  readonly tags: readonly string[];
  readonly nothing: null;
  readonly count: number;
}

const values = [0.1, -2.5, 1e21, 5e-324, 0.30000000000000004, 7, 1e-7, 123456789.12345679];
const names = ["\\", "\\x41", "Äpfel", "apfel", "'", "NULL", "", "{a,b}"];

function measured(name: string, mode: "inline" | "async"): DocumentProjection<Measured> {
  return documentProjection<Measured>({
    name,
    mode,
    collection: name,
    handles: ["Measured", "Forgotten"],
    documentId: ({ streamId }: RecordedEvent) => [streamId, `all of ${name}'s \\`],
    indexes: [{ path: "value" }, { path: "name" }],
    evolve: (document, { type, data, recordedAt }) => {
      if (type === "Forgotten") return null;
      const { name: given, value } = { name: "", value: 0, ...(typeof data === "object" ? data : {}) };
      return { name: given, value, at: recordedAt?.toISOString() ?? "", tags: [given, "t"], nothing: null, count: (document?.count ?? 0) + 1 };
    },
  });
}

const inline = measured("measured_inline", "inline");
const later = measured("measured_async", "async");
const table = `${pg.escapeIdentifier(schema)}."sums of 'values'"`;

/** With its own table, in the append's transaction. */
const sums: Projection = defineProjection({
  name: "sums",
  mode: "inline",
  handles: ["Measured"],
  setup: async (tx) => void (await tx.query(`create table ${table} (stream text primary key, sum double precision not null)`)),
  teardown: async (tx) => void (await tx.query(`drop table ${table}`)),
  handle: async ({ streamId, version }, tx) =>
    void (await tx.query(`insert into ${table} as s values ($1, $2) on conflict (stream) do update set sum = s.sum + excluded.sum`, [streamId, version])),
});

export const projectionsOfScript: readonly Projection[] = [inline, later, sums];

/**
 * Waits until appends write the inline projections. Going live lets go of appends after 200 ms and is tried again later, so under
 * settings that slow everything down a store opens before they are live.
 */
async function untilLive(store: EventStore): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const behind = (await store.projections.list()).filter(({ mode, state }) => mode === "inline" && state !== "live");
    if (behind.length === 0) return;
    if (performance.now() > deadline) throw new Error(`${behind.map(({ name, state }) => `${name} is ${state}`).join(", ")} after a minute.`);
    await delay(50);
  }
}

/** Documents that appends write and that a worker writes, and every way to ask for them. */
export async function documentsOf({ store, step }: Script): Promise<void> {
  await untilLive(store);
  await step("append what is projected", async () => {
    for (const [n, value] of values.entries()) await store.appendToStream(`m-${n}`, [{ type: "Measured", data: { name: names[n], value } }]);
    await store.appendToStream("m-9", [
      { type: "Measured", data: { name: "gone", value: 1 } },
      { type: "Forgotten", data: {} },
    ]);
    const results = await store.appendToStreams(
      [1, 2].map((n) => ({ streamId: `m-${n}`, events: [{ type: "Measured", data: { name: names[n], value: values[n] } }] })),
    );
    return results.map(({ version }) => version);
  });
  await step("project later", async () => {
    const worker = store.createWorker({ projections: [later], leaseMs: 60_000 });
    await worker.start();
    await worker.caughtUp();
    await worker.stop();
    await store.waitFor("measured_async", (await store.readAll({ direction: "backward", limit: 1 }).toArray())[0]?.position ?? 0, { timeoutMs: 30_000 });
  });
  for (const projection of [inline, later]) {
    const documents = store.documents(projection);
    const of = projection.collection;
    await step(`all of ${of}`, () => documents.find({ limit: 100 }));
    await step(`ways to ask for ${of}`, async () => [
      await documents.get("m-0"),
      await documents.getMany(["m-1", "no", "m-2"]),
      await documents.find({ where: { value: { gt: 0.1 } }, orderBy: { value: "desc" } }),
      await documents.find({ where: { value: { in: values.slice(0, 5) } }, orderBy: { name: "asc" } }),
      await documents.find({ where: { name: { in: names } }, orderBy: { name: "desc" }, limit: 5 }),
      await documents.find({ where: { OR: [{ name: "\\x41" }, { tags: { contains: "'" } }, { nothing: { ne: null } }] } }),
      await documents.find({ where: { NOT: { at: { gte: "2001-02-03T04:05:06.789Z" } } } }),
      await documents.count({ where: { name: { exists: true }, value: { lte: 7 } } }),
      (await documents.page({ orderBy: { value: "asc" }, limit: 3 })).documents,
    ]);
  }
  await step("pages of documents", async () => {
    const ids: string[] = [];
    const documents = store.documents<Measured>("measured_inline");
    let page = await documents.page({ orderBy: { value: "asc" }, limit: 2 });
    for (;;) {
      ids.push(...page.documents.map(({ _id }) => _id));
      if (!page.next) return ids;
      page = await documents.page({ orderBy: { value: "asc" }, limit: 2, after: page.next });
    }
  });
  await step("what SQL projected", async () => (await store.query(`select stream, sum::int as sum from ${table} order by stream collate "C"`)).rows);
  await step("how projections go", async () => (await store.projections.list()).map(({ name, mode, state }) => [name, mode, state]));
}
