import { defineEvents, defineProjection, documentProjection, event, retired, type EventQuery } from "../../src/index.ts";
import { drivers } from "../contract/drivers.ts";
import { describe, expect } from "../support/test.ts";

const counter = (handles: readonly string[], filter?: EventQuery, version = 1) =>
  documentProjection<{ n: number }>({
    name: "counter",
    version,
    mode: "inline",
    collection: "counters",
    handles,
    ...(filter && { filter }),
    documentId: ({ streamId }) => streamId,
    evolve: (document) => ({ n: (document?.n ?? 0) + 1 }),
  });

const audit = (handles: readonly string[], tenants: "own" | "all" = "own") =>
  defineProjection({ name: "audit", mode: "async", tenants, handles, handle: () => {} });

describe.for(drivers)("a definition that changed under its version on $driver", ({ test }) => {
  test("is refused when a store opens with it, with what changed and what to do", async ({ open }) => {
    await open({ projections: [counter(["A", "B"], { categories: ["c"] }), audit(["A"])] });
    const refused = (message: RegExp) => ({
      code: "PROJECTION_CHANGED",
      projection: "counter",
      version: 1,
      changed: "events",
      message: expect.stringMatching(message),
    });
    const more = counter(["A", "B", "C"], { categories: ["c"] });
    await expect(open({ projections: [more] })).rejects.toMatchObject(refused(/has "C" in addition\..*Set version: 2/s));
    await expect(open({ projections: [counter(["A", "C"], { categories: ["c"] })] })).rejects.toMatchObject(refused(/has "C" in addition, and it lacks "B"\./));
    const others = counter(["A", "B"], { categories: ["d"] });
    await expect(open({ projections: [others] })).rejects.toMatchObject(refused(/its filter is .*"d".*, and was .*"c"/));
    await expect(open({ projections: [audit(["A", "B"])] })).rejects.toMatchObject({ code: "PROJECTION_CHANGED", projection: "audit" });
    // What it was registered with is still what it goes by.
    const store = await open({ projections: [counter(["A", "B"], { categories: ["c"] }), counter(["A", "B", "C"], { categories: ["c"] }, 2)] });
    await store.appendToStream("c-1", [{ type: "B", data: null }]);
    expect(await store.documents(counter(["A", "B"])).get("c-1")).toMatchObject({ n: 1 });
  });

  test("is refused by a worker that is given it", async ({ open }) => {
    const store = await open();
    const first = store.createWorker({ projections: [audit(["A"])] });
    await first.start();
    await first.stop();
    await using second = store.createWorker({ projections: [audit(["B"])], onError: () => {} });
    await expect(second.start()).rejects.toMatchObject({ code: "PROJECTION_CHANGED", changed: "events" });
  });

  test("is not another one for the order in which it names events", async ({ open }) => {
    const warnings: string[] = [];
    const logger = { debug: () => {}, info: () => {}, warn: (text: unknown) => warnings.push(String(text)), error: () => {} };
    const filter = [{ categories: ["c", "d"], data: { kind: "x", size: 1 } }, { tags: ["t", "u"] }];
    const turned = [{ tags: ["u", "t"] }, { data: { size: 1, kind: "x" }, categories: ["d", "c"] }];
    await open({ projections: [counter(["A", "B"], filter), audit(["A", "B"])] });
    const store = await open({ projections: [counter(["B", "A", "B"], turned), audit(["B", "A"])], logger });
    for (let times = 0; times < 2; times++) {
      const worker = store.createWorker();
      await worker.start();
      await worker.stop();
    }
    expect(warnings).toEqual([]);
  });

  test("is not another one for a catalogue that reads older types as its own", async ({ open }) => {
    const before = defineEvents({ Opened: event<{ n: number }>() });
    const after = defineEvents({ Opened: event<{ n: number }>(), Started: retired(({ data }) => [{ type: "Opened", schemaVersion: 1, data }]) });
    await open({ events: before, projections: [counter(["Opened"])] });
    const store = await open({ events: after, projections: [counter(["Opened"])] });
    await store.appendToStream("c-1", [{ type: "Opened", data: { n: 1 } }]);
    expect(await store.documents(counter(["Opened"])).get("c-1")).toMatchObject({ n: 1 });
  });

  test("is warned of where it is followed for other tenants", async ({ open }) => {
    const warnings: string[] = [];
    const logger = { debug: () => {}, info: () => {}, warn: (text: unknown) => warnings.push(String(text)), error: () => {} };
    const store = await open({ logger });
    for (const tenants of ["own", "all"] as const) {
      const worker = store.createWorker({ projections: [audit(["A"], tenants)] });
      await worker.start();
      await worker.stop();
    }
    expect(warnings).toEqual([expect.stringContaining("followed for other tenants than before")]);
  });
});
