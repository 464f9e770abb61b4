import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { causedBy, openEventStore, type RecordedEvent, withMetadata } from "../../src/index.ts";
import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, type Ended, inside } from "./run.ts";

/** `placed`: the first of three events, each of which caused the next. `tidemark`: a command of the test's store. */
const test = base
  .extend("tidemark", ({ databaseUrl, schema, store: _made }) => {
    return (...args: readonly string[]): Promise<Ended> => inside([...args, "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
  })
  .extend("events", async ({ store }) => {
    const recorded: RecordedEvent[] = [];
    for (const type of ["Placed", "Paid", "Shipped"]) {
      const cause = recorded.at(-1);
      await withMetadata(cause ? causedBy(cause) : {}, () =>
        store.appendToStream(`${type.toLowerCase()}-1`, [{ type, data: {} }], { onRecorded: (events) => void recorded.push(...events) }),
      );
    }
    return recorded;
  });

const valid = ["events_causation_idx", "events_correlation_idx"].map((name) => ({ set: "causation", name, state: "valid", bytes: expect.any(Number) }));

describe("tidemark why", () => {
  test("prints the causes from the root on, and below them what the event caused", async ({ tidemark, schema, events: [placed, paid, shipped] }) => {
    const missing = await tidemark("why", paid?.id ?? "");
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining(`npx tidemark indexes create causation --schema '${schema}'`)]);
    expect((await tidemark("indexes", "create", "causation")).code).toBe(0);
    const line = (event?: RecordedEvent): string => `${event?.type}  ${event?.streamId} 1  ${event?.recordedAt.toISOString()}  ${event?.id}`;
    const told = await tidemark("why", paid?.id ?? "");
    expect([told.code, told.stdout, told.stderr]).toEqual([0, `  ${line(placed)}\n  * ${line(paid)}\n      ${line(shipped)}\n`, ""]);
    const cut = await tidemark("why", paid?.id ?? "", "--depth", "0");
    expect([cut.stdout, cut.stderr]).toEqual([`  …\n* ${line(paid)}\n    …\n`, "There is more where … stands: raise --depth or --limit.\n"]);
    const json = documentOf(await tidemark("why", paid?.id ?? "", "--json"));
    expect(json).toMatchObject({
      event: { id: paid?.id, type: "Paid", metadata: { causationId: placed?.id } },
      causes: [{ type: "Placed" }],
      causesCut: false,
      effects: [{ event: { type: "Shipped" }, effects: [], cut: false }],
      cut: false,
      complete: true,
    });
    const unknown = await tidemark("why", "00000000-0000-7000-8000-000000000000", "--json");
    expect([unknown.code, documentOf(unknown)]).toMatchObject([1, { error: { code: "NOT_FOUND" } }]);
    expect((await tidemark("why", "order-1")).code).toBe(2);
    expect((await tidemark("why", paid?.id ?? "", "--depth", "1001")).code).toBe(2);
    expect((await tidemark("why", paid?.id ?? "", "--tenant", "acme")).code).toBe(1);
  });

  test("reads an embedded store", async ({ schema, onTestFinished }) => {
    const folder = await mkdtemp(join(tmpdir(), "tidemark-why-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const env = { DATABASE_URL: `file:${folder}` };
    const store = await openEventStore(env.DATABASE_URL, { schema });
    const recorded: RecordedEvent[] = [];
    await store.appendToStream("order-1", [{ type: "Placed", data: {} }], { onRecorded: (events) => void recorded.push(...events) });
    await store.close();
    expect((await inside(["indexes", "create", "causation", "--schema", schema], { env })).code).toBe(0);
    const told = await inside(["why", recorded[0]?.id ?? "", "--schema", schema], { env });
    expect([told.code, told.stdout]).toEqual([0, expect.stringMatching(/^\* Placed {2}order-1 1/)]);
  });
});

describe("tidemark indexes", () => {
  test("creates, lists and drops them, and says what they cost", async ({ tidemark }) => {
    const created = await tidemark("indexes", "create", "causation");
    expect([created.code, created.stdout, created.stderr]).toEqual([
      0,
      expect.stringMatching(/^The indexes causation are there, after \d+ s: [\d,]+ bytes\.\n$/),
      expect.stringContaining("about 50 bytes of disk"),
    ]);
    expect(documentOf(await tidemark("indexes", "create", "causation", "--json"))).toEqual({ indexes: valid });
    expect(documentOf(await tidemark("indexes", "list", "--json"))).toEqual({ indexes: valid });
    expect((await tidemark("indexes", "list")).stdout).toMatch(/^set +index +state +bytes\ncausation +events_causation_idx +valid +\d+\n/);
    expect((await tidemark("indexes", "drop", "causation")).stdout).toBe("The indexes causation are gone.\n");
    expect(documentOf(await tidemark("indexes", "list", "--json"))).toMatchObject({ indexes: [{ state: "missing", bytes: 0 }, { state: "missing" }] });
    const odd = await tidemark("indexes", "create", "casuation");
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining("causation")]);
  });
});
