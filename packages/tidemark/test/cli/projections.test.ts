import { documentProjection } from "tidemark";
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
  const command = (...args: readonly string[]): Promise<Ended> => inside(["projections", ...args, "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
  return { command, store };
});

describe("tidemark projections", () => {
  test("lists projections with mode, state, lag and what they fail at", async ({ projections: { command } }) => {
    const { code, stdout, stderr } = await command("list");
    expect([code, stderr]).toEqual([0, ""]);
    const [head, failing, live, ...rest] = stdout.split("\n");
    expect(head).toMatch(/^projection +version +mode +state +position +events behind +seconds behind +last error$/);
    expect(failing).toMatch(/^broken +1 +async +failed +0 +1 +\d+ +event 1 of "cart-1": \[PROJECTION_FAILED\] .*no\\u001b\[2J/);
    expect(live).toMatch(/^cart-summary +1 +inline +live +1 +0 +0 *$/);
    expect(rest).toHaveLength(2);
    expect(documentsOf(await command("list", "--json"))).toMatchObject([{ name: "broken" }, { name: "cart-summary" }, { name: "later", version: 2 }]);
  });

  test("shows one, and tells which was meant", async ({ projections: { command } }) => {
    expect((await command("show", "cart-summary")).stdout).toMatch(
      /^projection +cart-summary\nversion +1\nmode +inline\nstate +live\nposition +1\nbehind +0 events, 0.0 s\ncollection +cart-summary\n/,
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
