import type { EventStore } from "tidemark";
import { studio } from "@tidemark/studio";
import type { AuditPage, ChangePlan } from "../src/wire/changes.ts";
import type { ProblemReport } from "../src/wire/reports.ts";
import { describe, eventually, expect, test } from "../../tidemark/test/support/test.ts";
import { carts, ordering } from "./carts-and-orders.ts";
import { change, confirmed, report } from "./support.ts";

const stateOf = async (store: EventStore): Promise<string> => (await store.projections.get("carts", { version: 1 })).state;

describe("a projection", () => {
  test("is paused and resumed by an operator, and no version is rolled back to where none served", async ({ store, openApplication }) => {
    await openApplication({ projections: [carts(1)] });
    await eventually(async () => expect(await stateOf(store)).toBe("live"));
    const panel = studio(store, { role: "operator" });
    const parameters = { name: "carts", version: 1 };
    expect(await confirmed(panel, "pause-projection", parameters)).toBe(200);
    expect(await stateOf(store)).toBe("paused");
    expect(await confirmed(panel, "resume-projection", parameters)).toBe(200);
    await eventually(async () => expect(await stateOf(store)).toBe("live"));
    expect((await change(panel, "roll-back-projection", { parameters: { name: "carts" } })).status).toBe(403);
    const admin = studio(store, { role: "admin" });
    const refused: ProblemReport = await (await change(admin, "roll-back-projection", { parameters: { name: "carts" } })).json();
    expect(refused.code).toBe("nothing-before");
    const serves: ProblemReport = await (await change(admin, "swap-projection", { parameters })).json();
    expect(serves.code).toBe("serves-already");
    expect((await change(admin, "pause-projection", { parameters: { name: "absent", version: 1 } })).status).toBe(404);
  });

  test("has another version serve, and rolls back to the one before", async ({ openApplication }) => {
    const first = await openApplication({ projections: [carts(1)] });
    await eventually(async () => expect(await stateOf(first)).toBe("live"));
    await first.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
    const store = await openApplication({ projections: [carts(2)] });
    await store.projections.rebuild("carts", { version: 2, swap: "manual" });
    const panel = studio(store, { authorize: () => ({ role: "admin", name: "ada" }) });
    const serving = async (): Promise<number | undefined> => (await store.projections.list()).find((info) => info.serving)?.version;
    expect(await confirmed(panel, "swap-projection", { name: "carts", version: 2 })).toBe(200);
    await eventually(async () => expect(await serving()).toBe(2));
    expect(await confirmed(panel, "roll-back-projection", { name: "carts" })).toBe(200);
    await eventually(async () => expect(await serving()).toBe(1));
    await eventually(async () => {
      const { entries } = await report<AuditPage>(panel, "/api/audit");
      expect(entries.map(({ actor, action, subject, state }) => [actor, action, subject, state])).toEqual([
        ["ada", "roll-back", "projection carts", "done"],
        ["ada", "swap", "projection carts", "done"],
      ]);
    });
  });
});

test("an instance that is parked goes on, and one is ended by an admin alone", async ({ store, application, onTestFinished }) => {
  let broken = true;
  await application.appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
  const worker = application.createWorker({ processes: [ordering(() => broken)], leaseMs: 2_000, onError: () => {} });
  onTestFinished(() => worker.stop());
  await worker.start();
  const status = async (): Promise<string | undefined> => (await store.processes.list())[0]?.status;
  await eventually(async () => expect(await status()).toBe("parked"));
  const panel = studio(store, { role: "operator" });
  const parameters = { name: "ordering", instance: "order-1" };
  const plan: ChangePlan = await (await change(panel, "retry-process", { parameters })).json();
  expect(plan).toMatchObject({ title: "Retry the instance order-1 of ordering", state: ["It is parked.", "It failed: cannot react"] });
  broken = false;
  expect(await confirmed(panel, "retry-process", parameters)).toBe(200);
  await eventually(async () => expect(await status()).toBe("running"));
  expect((await change(panel, "cancel-process", { parameters })).status).toBe(403);
  expect(await confirmed(studio(store, { role: "admin" }), "cancel-process", parameters)).toBe(200);
  expect(await status()).toBe("cancelled");
});
