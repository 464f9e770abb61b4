import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineEvents, event, openEventStore, type EventCatalogue } from "tidemark";
import { goldenEvents } from "tidemark/testing";
import { describe, expect } from "../support/test.ts";
import { test as base } from "./catalogue-file.ts";
import { documentOf, inside } from "./run.ts";

const today = `
  import { defineEvents, event, retired } from "tidemark";
  export const events = defineEvents({
    Priced: {
      schema: event(),
      version: 3,
      upcast: {
        1: ({ data }) => { if (data.broken) throw new TypeError("no cents"); return { price: data.cents * FACTOR }; },
        2: ({ data, recordedAt }) => ({ ...data, isOld: recordedAt.getUTCFullYear() === 2020 }),
      },
      examples: [{ price: 1, isOld: false }],
    },
    Opened: retired(({ data }) => [{ type: "Started", data: { by: data.user } }]),
    Started: { schema: event(), examples: [{ by: "ada" }] },
  });`;

const pricedUpTo = (version: number): EventCatalogue =>
  defineEvents({
    Priced: { schema: event<object>(), version, upcast: Object.fromEntries([1, 2].slice(0, version - 1).map((n) => [n, ({ data }) => data])) },
  });

const test = base
  .extend("folder", async ({}, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), "tidemark-golden-"));
    onCleanup(() => rm(folder, { recursive: true }));
    return folder;
  })
  .extend("golden", async ({ catalogue, folder }) => {
    return async (args: readonly string[], factor = "1") =>
      inside(["events", "golden", "--folder", join(folder, "golden"), "--catalogue", await catalogue(today.replace("FACTOR", factor)), ...args]);
  });

async function versionsIn(folder: string, type: string): Promise<Record<number, { stored: unknown; event?: object; becomes: { data: unknown }[] }[]>> {
  return JSON.parse(await readFile(join(folder, "golden", `${type}.json`), "utf8")).versions;
}

describe("tidemark events golden", () => {
  test.for(["server", "PGlite"] as const)(
    "on %s takes real events of each version that has too few entries",
    async (kind, { databaseUrl, schema, folder, golden }) => {
      const url = kind === "server" ? databaseUrl : `file:${join(folder, "data")}`;
      for (const version of [1, 2]) {
        await using store = await openEventStore(url, { schema, ...(version > 1 && { events: pricedUpTo(version) }), now: () => new Date("2020-06-01") });
        const data = (n: number): object => (version === 1 ? { cents: n } : { price: n });
        const events = Array.from({ length: 20 }, (_, n) => ({ type: "Priced", data: data(n), metadata: { actorId: "ada" } }));
        await store.forTenant("acme").appendToStream("cart-1", version === 1 ? [...events, { type: "Opened", data: { user: "bob" } }] : events);
      }
      const first = await golden([]);
      expect([first.code, first.stdout]).toEqual([1, expect.stringContaining('"Priced" 1: has no entry: take real events with --from-store')]);

      const taken = await golden(["--from-store", "--url", url, "--schema", schema, "--sample", "4"]);
      expect([taken.code, taken.stderr]).toEqual([0, expect.stringContaining("11 entries in")]);
      expect(taken.stdout.split("\n").toSorted()).toEqual(["", "wrote Opened.json", "wrote Priced.json"]);
      const versions = await versionsIn(folder, "Priced");
      expect(Object.entries(versions).map(([version, { length }]) => [version, length])).toEqual([
        ["1", 4],
        ["2", 4],
        ["3", 1],
      ]);
      // The step looks at the time alone, so that the rest of the place goes with it.
      expect(versions[1]?.[0]).toMatchObject({
        stored: { cents: 0 },
        event: { recordedAt: "2020-06-01T00:00:00.000Z", streamId: "cart-1", tenant: "acme", metadata: { actorId: "ada" } },
        becomes: [{ type: "Priced", schemaVersion: 3, data: { price: 0, isOld: true } }],
      });
      expect(await readFile(join(folder, "golden", "Opened.json"), "utf8")).not.toContain("ada");
      expect(await versionsIn(folder, "Opened")).toEqual({
        1: [{ stored: { user: "bob" }, becomes: [{ type: "Started", schemaVersion: 1, data: { by: "bob" } }] }],
      });

      const again = await golden(["--from-store", "--url", url, "--schema", schema, "--sample", "4", "--json"]);
      expect([again.code, documentOf(again)]).toEqual([0, { entries: 11, written: [], problems: [] }]);
      const checked = await golden(["--check"]);
      expect([checked.code, checked.stdout]).toEqual([0, ""]);
    },
  );

  test("writes new entries, but rewrites older ones with --update alone", async ({ folder, golden }) => {
    await golden([]);
    const file = join(folder, "golden", "Priced.json");
    const { versions } = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify({ type: "Priced", versions: { ...versions, 1: [{ stored: { cents: 3 } }], 2: [{ stored: { price: 3 } }] } }));
    await writeFile(join(folder, "golden", "Opened.json"), JSON.stringify({ type: "Opened", versions: { 1: [{ stored: { user: "bob" } }] } }));
    const unread = await golden(["--check"]);
    expect([unread.code, unread.stdout]).toEqual([1, expect.stringContaining('"Opened" 1: entry 0 of Opened.json does not say what it becomes')]);
    expect((await golden([])).code).toBe(0);

    const changed = await golden(["--json"], "100");
    expect([changed.code, documentOf(changed)]).toEqual([
      1,
      {
        entries: 5,
        written: [],
        problems: [
          {
            kind: "changed",
            type: "Priced",
            schemaVersion: 1,
            message: "entry 0 of Priced.json is read otherwise",
            differences: [{ path: "becomes[0].data.price", expected: 3, got: 300 }],
          },
        ],
      },
    ]);
    const told = await golden([], "100");
    expect([told.code, told.stdout]).toEqual([1, '"Priced" 1: entry 0 of Priced.json is read otherwise\n  becomes[0].data.price: expected 3, got 300\n']);
    expect(told.stderr).toContain("with --update");
    expect((await versionsIn(folder, "Priced"))[1]?.[0]?.becomes[0]?.data).toEqual({ isOld: false, price: 3 });
    const updated = await golden(["--update"], "100");
    expect([updated.code, updated.stdout]).toEqual([0, "wrote Priced.json\n"]);
    expect((await golden(["--check"], "100")).code).toBe(0);
    expect((await readdir(join(folder, "golden"))).toSorted()).toEqual(["Opened.json", "Priced.json", "Started.json"]);
  });

  test("names real events that today's code cannot read, and does not write them", async ({ store, databaseUrl, schema, folder, golden }) => {
    const id = crypto.randomUUID();
    await store.appendToStream("cart-1", [
      { id, type: "Priced", data: { broken: true } },
      { type: "Strange", data: {} },
    ]);
    const { code, stdout } = await golden(["--from-store", "--url", databaseUrl, "--schema", schema]);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`"Priced" 1: the event ${id} cannot be read: .*threw.*no cents`));
    expect(stdout).toMatch(/"Strange" 1: the event .* cannot be read: .* is of type "Strange", which the catalogue does not know/);
    expect(await readdir(join(folder, "golden"))).toEqual(expect.not.arrayContaining(["Strange.json"]));
  });

  test("gives files that goldenEvents accepts", async ({ folder, golden }) => {
    await golden([]);
    const events = defineEvents({ Started: { schema: event<object>(), examples: [{ by: "ada" }] } });
    await rm(join(folder, "golden", "Priced.json"));
    await goldenEvents(events, join(folder, "golden"));
  });

  test.for([
    [["--check", "--update"], "--check writes nothing"],
    [["--sample", "3"], "--sample needs --from-store"],
    [["--from-store", "--sample", "0"], "It must be from 1 to 100."],
    [["--from-store"], "--url is missing"],
  ] as const)("%j ends with 2", async ([args, told], { golden }) => {
    const { code, stderr } = await golden(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(told)]);
  });
});
