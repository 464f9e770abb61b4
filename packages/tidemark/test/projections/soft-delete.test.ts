import pg from "pg";
import { documentProjection, type DocumentProjection, type Event } from "../../src/index.ts";
import { DocumentCache } from "../../src/projections/rebuild/document-cache.ts";
import { DefinedDocumentProjection } from "../../src/projections/defined-projection.ts";
import { drivers } from "../contract/drivers.ts";
import { describe, expect, test as plain } from "../support/test.ts";

interface Room {
  readonly name: string;
  readonly seen: number;
}
type RoomEvent = Event<"Opened", { readonly name: string }> | Event<"Closed", null>;

const seenByEvolve: (Room | undefined)[] = [];

function rooms(
  mode: "inline" | "async",
  deletes: "soft" | "hard" = "soft",
  more: { readonly version?: number; readonly unique?: boolean } = {},
): DocumentProjection<Room> {
  return documentProjection<Room, RoomEvent>({
    name: "rooms",
    version: more.version ?? 1,
    mode,
    collection: "rooms",
    deletes,
    indexes: more.unique ? [{ path: "name", unique: true }] : [],
    documentId: ({ streamId }) => streamId,
    evolve: {
      Opened: (room, { data }) => {
        seenByEvolve.push(room);
        return { name: data.name, seen: (room?.seen ?? 0) + 1 };
      },
      Closed: () => null,
    },
  });
}

const opened = (name: string) => ({ type: "Opened", data: { name } }) as const;
const closed = { type: "Closed", data: null } as const;

describe.for(drivers)("documents that are deleted softly on $driver", ({ test }) => {
  test.for(["inline", "async"] as const)("keep their row, are left out, and come back: %s", async (mode, { open, schema }) => {
    const projection = rooms(mode);
    const store = await open({ projections: [projection] });
    const worker = mode === "async" ? store.createWorker() : undefined;
    await worker?.start();
    const append = async (id: string, ...events: readonly RoomEvent[]): Promise<void> => {
      await store.appendToStream<RoomEvent>(id, events);
      await worker?.caughtUp();
    };
    await append("r-1", opened("blue"));
    await append("r-2", opened("red"));
    await append("r-1", closed);
    // What came and went in one batch is kept like what was there for long.
    await append("r-3", opened("green"), closed);
    await append("r-1", closed);
    const documents = store.documents(projection);
    expect(await documents.get("r-1")).toBeUndefined();
    expect(await documents.find()).toEqual([{ _id: "r-2", _version: 1, name: "red", seen: 1 }]);
    expect(await documents.getMany(["r-1", "r-2"])).toHaveLength(1);
    expect([await documents.count(), await documents.count({ deleted: "only" }), await documents.count({ deleted: "include" })]).toEqual([1, 2, 3]);
    expect(await documents.get("r-1", { deleted: "include" })).toMatchObject({ _id: "r-1", _archived: true, name: "blue" });
    expect(await documents.get("r-2", { deleted: "only" })).toBeUndefined();
    expect((await documents.getMany(["r-3", "r-2"], { deleted: "include" })).map(({ _id, _archived }) => [_id, _archived])).toEqual([
      ["r-3", true],
      ["r-2", undefined],
    ]);
    expect((await documents.find({ deleted: "include", orderBy: { name: "asc" } })).map(({ name }) => name)).toEqual(["blue", "green", "red"]);
    expect(await documents.first({ deleted: "only", where: { name: "green" } })).toMatchObject({ _id: "r-3", _archived: true });
    const page = await documents.page({ deleted: "include", limit: 2 });
    expect(page.documents.map(({ _id }) => _id)).toEqual(["r-1", "r-2"]);
    expect((await documents.page({ deleted: "include", limit: 2, ...(page.next && { after: page.next }) })).documents).toMatchObject([{ _id: "r-3" }]);

    seenByEvolve.length = 0;
    await append("r-1", opened("black"));
    expect(seenByEvolve.length).toBeGreaterThan(0);
    expect(new Set(seenByEvolve)).toEqual(new Set([undefined]));
    const back = await documents.get("r-1");
    expect(back).toMatchObject({ name: "black", seen: 1 });
    expect(back).not.toHaveProperty("_archived");
    // By the collection's name, and by SQL and Pongo through the view, only what is there.
    expect(await store.documents("rooms").count()).toBe(2);
    await expect(store.documents("rooms").count({ deleted: "include" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.deleted" });
    const { rows } = await store.query(`select _id from ${pg.escapeIdentifier(schema)}.rooms order by _id`);
    expect(rows).toEqual([{ _id: "r-1" }, { _id: "r-2" }]);
    await store.query(`update ${pg.escapeIdentifier(schema)}.rooms__v1 set _archived = not _archived`);
    for (const id of ["r-1", "r-2", "r-3"]) await store.projections.rebuildDocument("rooms", id);
    expect((await documents.find()).map(({ _id, name }) => [_id, name])).toEqual([
      ["r-1", "black"],
      ["r-2", "red"],
    ]);
    expect(await documents.get("r-3", { deleted: "only" })).toMatchObject({ name: "green" });
    await worker?.stop();
  });

  test("are left out by unique indexes", async ({ open }) => {
    const projection = rooms("inline", "soft", { unique: true });
    const store = await open({ projections: [projection] });
    await store.appendToStream<RoomEvent>("r-1", [opened("blue")]);
    await expect(store.appendToStream<RoomEvent>("r-2", [opened("blue")])).rejects.toMatchObject({ code: "PROJECTION_FAILED", path: "name" });
    await store.appendToStream<RoomEvent>("r-1", [closed]);
    await store.appendToStream<RoomEvent>("r-2", [opened("blue")]);
    await expect(store.appendToStream<RoomEvent>("r-1", [opened("blue")])).rejects.toMatchObject({
      code: "PROJECTION_FAILED",
      documentId: "r-1",
      path: "name",
    });
  });

  test("are a matter of the version", async ({ open }) => {
    const store = await open({ projections: [rooms("inline", "hard")] });
    await store.appendToStream<RoomEvent>("r-1", [opened("blue"), closed]);
    expect(await store.documents(rooms("inline", "hard")).count({ deleted: "include" })).toBe(0);
    await expect(open({ projections: [rooms("inline", "soft")] })).rejects.toMatchObject({ code: "PROJECTION_CHANGED", changed: "deletes" });
    // @ts-expect-error -- it is none
    expect(() => rooms("inline", "gentle")).toThrow("definition.deletes");
  });
});

plain("a document that came and went in memory is written as a deleted one", () => {
  const projection = rooms("async");
  if (!(projection instanceof DefinedDocumentProjection)) throw new Error("it is no definition");
  const cache = new DocumentCache(projection, true);
  const event = { tenant: "", id: "e", metadata: {}, tags: [], category: "r", recordedAt: new Date(0), schemaVersion: 1 };
  cache.evolve({ ...event, ...opened("blue"), streamId: "r-1", version: 1, position: 1 }, ["r-1"]);
  cache.evolve({ ...event, ...closed, streamId: "r-1", version: 2, position: 2 }, ["r-1"]);
  expect(cache.takeChanges().writes).toEqual([{ tenant: "", id: "r-1", data: '{"_id":"r-1","name":"blue","seen":1}', archived: true }]);
  cache.evolve({ ...event, ...opened("red"), streamId: "r-1", version: 3, position: 3 }, ["r-1"]);
  expect(cache.takeChanges().writes).toMatchObject([{ id: "r-1", data: '{"_id":"r-1","name":"red","seen":1}' }]);
});
