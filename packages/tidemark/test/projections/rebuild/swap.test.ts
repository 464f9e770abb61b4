import pg from "pg";
import type { EventStore, ProjectionInfo } from "../../../src/index.ts";
import { itemAdded } from "../../support/cart.ts";
import { describe, eventually, expect } from "../../support/test.ts";
import { drivers } from "../../contract/drivers.ts";
import { counts, notes } from "./versions.ts";

const tea = itemAdded("tea", 1, 1);

async function versions(store: EventStore, name: string): Promise<Record<number, Partial<ProjectionInfo>>> {
  const all = (await store.projections.list()).filter((info) => info.name === name);
  return Object.fromEntries(all.map((info) => [info.version, info]));
}

async function serves(store: EventStore, name: string, version: number): Promise<void> {
  await eventually(async () => expect((await versions(store, name))[version]).toMatchObject({ serving: true }));
}

describe.for(drivers)("versions of a projection on $driver", ({ test }) => {
  test("an inline one is built beside the other, and serves by itself once it is live", async ({ open }) => {
    const before = await open({ projections: [counts(1)] });
    for (let n = 0; n < 3; n++) await before.appendToStream("cart-1", [tea]);
    expect(await before.documents("counts").get("cart-1")).toMatchObject({ n: 3, by: 1 });
    expect(await before.projections.get("counts")).toMatchObject({ serving: true, build: undefined, servedUntil: undefined });
    await before.close();

    const store = await open({ projections: [counts(1), counts(2)] });
    await serves(store, "counts", 2);
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 3, by: 2 });
    await store.appendToStream("cart-1", [tea]);
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 4, by: 2 });
    // The version before is written on, so that going back is as instant.
    expect(await store.documents(counts(1)).get("cart-1")).toMatchObject({ n: 4, by: 1 });
    expect(await versions(store, "counts")).toMatchObject({
      1: { serving: false, state: "live", servedUntil: expect.any(Date), build: undefined },
      2: { serving: true, state: "live", build: { state: "ready", swap: "auto" } },
    });
  });

  test("an async one serves once it is as far as the one that does", async ({ open }) => {
    const store = await open({ projections: [counts(1, { mode: "async" })] });
    await using first = store.createWorker();
    await first.start();
    for (let n = 0; n < 3; n++) await store.appendToStream("cart-1", [tea]);
    await first.caughtUp();
    await using second = store.createWorker({ projections: [counts(2, { mode: "async" })] });
    await second.start();
    await serves(store, "counts", 2);
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 3, by: 2 });
    const { position } = await store.appendToStream("cart-1", [tea]);
    await store.waitFor("counts", position, { timeoutMs: 60_000 });
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 4, by: 2 });
  });

  test("an async one that is behind does not come to serve, and does once it is as far", async ({ open }) => {
    const [before, after] = [counts(1, { mode: "async" }), counts(2, { mode: "async" })];
    const store = await open();
    await store.appendToStream("cart-1", [tea]);
    {
      await using both = store.createWorker({ projections: [before, after] });
      await both.start();
      await serves(store, "counts", 2);
      await both.caughtUp();
    }
    {
      await using newer = store.createWorker({ projections: [after] });
      await newer.start();
      await store.appendToStream("cart-1", [tea]);
      await newer.caughtUp();
    }
    await expect(store.projections.rollBack("counts")).rejects.toMatchObject({ code: "PROJECTION_NOT_READY", reason: "behind", version: 1 });
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 2, by: 2 });
    await using older = store.createWorker({ projections: [before] });
    await older.start();
    await older.caughtUp();
    expect(await store.projections.rollBack("counts")).toMatchObject({ version: 1, serving: true });
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 2, by: 1 });
  });

  test("goes back to the one before, and forward again when asked, but not by itself", async ({ open }) => {
    const store = await open({ projections: [counts(1), counts(2)] });
    await store.appendToStream("cart-1", [tea]);
    await serves(store, "counts", 2);
    expect(await store.projections.rollBack("counts")).toMatchObject({ version: 1, serving: true });
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 1, by: 1 });
    // A process that opens with both leaves it as it is.
    const other = await open({ projections: [counts(1), counts(2)] }).catch(() => store);
    await other.appendToStream("cart-1", [tea]);
    expect(await versions(other, "counts")).toMatchObject({ 1: { serving: true }, 2: { serving: false, state: "live", build: { swap: "manual" } } });
    expect(await store.projections.swap("counts")).toMatchObject({ version: 2, serving: true });
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 2, by: 2 });
    // Serving already.
    expect(await store.projections.swap("counts")).toMatchObject({ version: 2, serving: true });
  });

  test("shows the documents of a new collection's name only once its version serves", async ({ open }) => {
    const [first, second] = [counts(1), counts(2, { rebuild: "manual", collection: "tallies" })];
    const store = await open({ projections: [first, second] });
    await store.appendToStream("cart-1", [tea]);
    await expect(store.documents("tallies").get("cart-1")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await store.projections.rebuild("counts", { swap: "manual" });
    // Opened again, while the version is known and does not serve.
    const other = await open({ projections: [first, second] }).catch(() => store);
    await expect(other.documents("tallies").get("cart-1")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await store.projections.swap("counts");
    expect(await store.documents("tallies").get("cart-1")).toMatchObject({ n: 1, by: 2 });
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 1, by: 1 });
    await store.projections.rollBack("counts");
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 1, by: 1 });
  });

  test("has nothing to go back to where no other version served", async ({ open }) => {
    const store = await open({ projections: [counts(1)] });
    await expect(store.projections.rollBack("counts")).rejects.toMatchObject({ code: "PROJECTION_NOT_READY", reason: "none", retryable: false });
    await expect(store.projections.rollBack("counters")).rejects.toThrow("There is no projection");
  });

  test('rebuild: "manual" waits to be asked, and swap: "manual" waits to be swapped', async ({ open }) => {
    const store = await open({ projections: [counts(1), counts(2, { rebuild: "manual" })] });
    await store.appendToStream("cart-1", [tea]);
    expect(await versions(store, "counts")).toMatchObject({ 1: { serving: true, state: "live" }, 2: { serving: false, state: "inactive" } });
    await expect(store.projections.swap("counts")).rejects.toMatchObject({ code: "PROJECTION_NOT_READY", reason: "inactive" });
    const seen: string[] = [];
    await store.projections.rebuild("counts", { swap: "manual", onProgress: ({ state }) => seen.push(state) });
    expect(seen.at(-1)).toBe("ready");
    expect(await versions(store, "counts")).toMatchObject({ 1: { serving: true }, 2: { serving: false, build: { state: "ready", swap: "manual" } } });
    expect(await store.projections.swap("counts")).toMatchObject({ version: 2, serving: true });
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 1, by: 2 });
  });

  test("rebuild runs a worker for an async one that nobody follows, and tells how far it is", async ({ open }) => {
    const store = await open({ projections: [counts(1, { mode: "async" }), counts(2, { mode: "async" })] });
    for (let n = 0; n < 3; n++) await store.appendToStream("cart-1", [tea]);
    {
      await using worker = store.createWorker({ projections: [counts(1, { mode: "async" })] });
      await worker.start();
      await worker.caughtUp();
    }
    const progress: number[] = [];
    const info = await store.projections.rebuild("counts", { onProgress: ({ events, total }) => progress.push(events / total) });
    expect(info).toMatchObject({ version: 2, serving: true });
    expect(progress.at(-1)).toBe(1);
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 3, by: 2 });
    expect(await store.projections.rebuild("counts")).toMatchObject({ version: 2, serving: true, build: info.build });
  });

  test("rebuild refuses a version that serves and was built beside no other", async ({ open }) => {
    const store = await open({ projections: [counts(1)] });
    await store.appendToStream("cart-1", [tea]);
    await expect(store.projections.rebuild("counts")).rejects.toMatchObject({
      code: "PROJECTION_SERVING",
      version: 1,
      message: expect.stringContaining("raise the version"),
    });
  });

  test("rebuild rejects with the event at which it stopped, and a signal ends the watching", async ({ open }) => {
    const quiet = { debug() {}, info() {}, warn() {}, error() {} };
    const store = await open({ projections: [counts(1), counts(2, { rebuild: "manual", broken: () => true })], logger: quiet });
    await store.appendToStream("cart-1", [tea]);
    await expect(store.projections.rebuild("counts", { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
    await expect(store.projections.rebuild("counts")).rejects.toMatchObject({ code: "PROJECTION_BUILD_FAILED", version: 2, position: 1 });
    expect(await versions(store, "counts")).toMatchObject({ 1: { serving: true, state: "live" }, 2: { serving: false, state: "failed" } });
    await store.projections.drop("counts", 2);
    expect(await versions(store, "counts")).toMatchObject({ 1: { serving: true, state: "live" } });
  });

  test("drops a version that does not serve, with its table and its place in the log", async ({ open, schema }) => {
    const store = await open({ projections: [counts(1), counts(2)] });
    await store.appendToStream("cart-1", [tea]);
    await serves(store, "counts", 2);
    await expect(store.projections.drop("counts", 2)).rejects.toMatchObject({ code: "PROJECTION_SERVING" });
    await store.projections.drop("counts", 1);
    expect(Object.keys(await versions(store, "counts"))).toEqual(["2"]);
    const at = pg.escapeIdentifier(schema);
    const { rows } = await store.query<{ n: string }>(
      `select (select count(*) from ${at}.consumers where owner_name = 'counts' and owner_version = 1)::text
           || (select count(*) from ${at}.projection_builds where version = 1)::text || coalesce(to_regclass('${at}.counts__v1')::text, '-') as n`,
    );
    expect(rows).toEqual([{ n: "00-" }]);
    await store.appendToStream("cart-1", [tea]);
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 2, by: 2 });
    await expect(store.projections.drop("counts", 1)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(store.projections.rollBack("counts")).rejects.toMatchObject({ code: "PROJECTION_NOT_READY", reason: "none" });
  });

  test("runs swap and teardown of a definition in the same transaction, and needs them", async ({ open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const store = await open({ projections: [notes(1, at, { mode: "inline", hooks: true }), notes(2, at, { mode: "inline", hooks: true })] });
    await store.appendToStream("cart-1", [tea]);
    await serves(store, "notes", 2);
    await store.appendToStream("cart-1", [tea]);
    const noted = async (): Promise<unknown> => (await store.query(`select string_agg(effects::text, ',' order by position) as effects from ${at}.noted`)).rows;
    expect(await noted()).toEqual([{ effects: expect.stringMatching(/^(true|false),true$/) }]);
    // Without their definition it can neither serve nor be taken down.
    const other = await open();
    const lacks = (hook: string) => ({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(`has a function "${hook}", which this store does not have`),
    });
    await expect(other.projections.rollBack("notes")).rejects.toMatchObject(lacks("swap"));
    await expect(other.projections.drop("notes", 1)).rejects.toMatchObject(lacks("teardown"));
    expect(await versions(store, "notes")).toMatchObject({ 1: { serving: false, state: "live" }, 2: { serving: true } });
    await store.projections.drop("notes", 1);
    expect((await store.query(`select to_regclass('${at}.notes1') as gone`)).rows).toEqual([{ gone: null }]);
  });
});
