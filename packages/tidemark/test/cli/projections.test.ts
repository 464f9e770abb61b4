import { type BuildInfo, documentProjection } from "tidemark";
import type { Row } from "../../src/cli/columns.ts";
import { projectionRows, projectionTable } from "../../src/cli/projection-lines.ts";
import { cartSummary } from "../projections/carts.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { documentOf, documentsOf, type Ended, inside } from "./run.ts";

const broken = documentProjection<object>({
  name: "broken",
  mode: "async",
  collection: "broken",
  handles: ["ItemAdded"],
  documentId: ({ streamId }) => streamId,
  evolve: () => {
    throw new Error("no\u001b[2J");
  },
});

const test = base.extend("projections", async ({ openStore, databaseUrl, schema }) => {
  const store = await openStore({ projections: [cartSummary("inline"), cartSummary("inline", { version: 2, name: "later" }), broken] });
  await store.appendToStream("cart-1", [itemAdded()]);
  const worker = store.createWorker({ onError: () => {} });
  await worker.start();
  await eventually(async () => expect(await store.projections.get("broken")).toMatchObject({ state: "failed" }));
  for (const name of ["cart-summary", "later"])
    await eventually(async () => expect(await store.projections.get(name)).toMatchObject({ state: "live", position: 1, lag: { events: 0 } }));
  const command = (...args: readonly string[]): Promise<Ended> => inside(["projections", ...args, "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
  return { command, store };
});

describe("tidemark projections", () => {
  test("lists projections with mode, state, lag and what they fail at", async ({ projections: { command } }) => {
    const { code, stdout, stderr } = await command("list");
    expect([code, stderr]).toEqual([0, ""]);
    const [head, failing, live, ...rest] = stdout.split("\n");
    expect(head).toMatch(/^projection +version +serves +mode +state +build +position +events behind +seconds behind +last error$/);
    expect(failing).toMatch(/^broken +1 +yes +async +failed +0 +1 +\d+ +event 1 of "cart-1": \[PROJECTION_FAILED\] .*no\\u001b\[2J/);
    expect(live).toMatch(/^cart-summary +1 +yes +inline +live +1 +0 +0 *$/);
    expect(rest).toHaveLength(2);
    expect(documentsOf(await command("list", "--json"))).toMatchObject([{ name: "broken" }, { name: "cart-summary" }, { name: "later", version: 2 }]);
  });

  test("says how far a version is that is being built", async ({ projections: { store } }) => {
    const info = await store.projections.get("cart-summary");
    const build: BuildInfo = {
      state: "building",
      swap: "auto",
      events: 2,
      total: 5,
      perSecond: 1,
      remainingMs: 3_000,
      parallel: 1,
      documents: 0,
      startedAt: new Date(0),
      builtAt: undefined,
      error: undefined,
      dependents: [],
    };
    const told = async (more: Partial<BuildInfo>): Promise<unknown> => {
      const rows: Row[] = [];
      for await (const row of projectionRows([{ ...info, serving: false, build: { ...build, ...more } }])) rows.push(row);
      return rows[1]?.slice(0, 6);
    };
    expect(await told({})).toEqual(["cart-summary", 1, "no", "inline", "live", "building 40 %"]);
    expect(await told({ events: 0, total: 0 })).toContain("building 0 %");
    expect(await told({ state: "checking" })).toContain("checking");
    expect(projectionTable({ ...info, serving: false, build })).toEqual(
      expect.arrayContaining([
        ["serves", "no"],
        ["build", "building 40 %"],
      ]),
    );
  });

  test("shows one, and tells which was meant", async ({ projections: { command } }) => {
    expect((await command("show", "cart-summary")).stdout).toMatch(
      /^projection +cart-summary\nversion +1\nserves +yes\nmode +inline\nstate +live\nposition +1\nbehind +0 events, 0.0 s\ncollection +cart-summary\n/,
    );
    const { code, stderr } = await command("show", "cart-sumary");
    expect([code, stderr]).toEqual([1, expect.stringContaining('Did you mean "cart-summary"?')]);
    expect((await command("show", "later", "--projection-version", "1")).stderr).toContain("There is version 2");
  });

  test("pauses, resumes and deactivates one", async ({ projections: { command, store } }) => {
    expect((await command("pause", "cart-summary")).stdout).toBe("cart-summary is paused: nothing writes it.\n");
    expect(await store.projections.get("cart-summary")).toMatchObject({ state: "paused" });
    expect(documentOf(await command("resume", "cart-summary", "--json"))).toMatchObject({ name: "cart-summary" });
    await eventually(async () => expect(await store.projections.get("cart-summary")).toMatchObject({ state: "live" }));
    await command("deactivate", "broken", "--projection-version", "1");
    expect(await store.projections.get("broken")).toMatchObject({ state: "inactive" });
  });
});
