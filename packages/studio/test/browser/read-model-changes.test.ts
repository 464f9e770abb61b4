import type { EventStore } from "tidemark";
import { eventually } from "../../../tidemark/test/support/test.ts";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";
import { carts, ordering } from "../carts-and-orders.ts";

const serving = async (store: EventStore): Promise<number | undefined> => (await store.projections.list()).find((info) => info.serving)?.version;

describe("changes of read models in Chromium", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("a version is built and serves, and the one before serves again", async ({ visit, openStore }) => {
    const first = await openStore({ projections: [carts(1)] });
    await eventually(async () => expect(await serving(first)).toBe(1));
    await first.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
    const store = await openStore({ projections: [carts(2)] });
    await eventually(async () => expect(await store.projections.list()).toHaveLength(2));
    const { page, go, complaints } = await visit({ role: "admin" }, store);
    const confirm = async (title: string): Promise<void> => {
      await page.getByRole("dialog", { name: title }).getByRole("button", { name: "Do it" }).click();
      await page.getByRole("dialog").waitFor({ state: "hidden" });
    };
    await go("/projections");
    await page.getByRole("button", { name: "Build" }).click();
    await confirm("Build version 2 of the projection carts");
    await eventually(async () => expect(await serving(store)).toBe(2));
    await page.getByRole("button", { name: "Roll back" }).click();
    await confirm("Roll the projection carts back to version 1");
    await eventually(async () => expect(await serving(store)).toBe(1));
    await page.getByRole("button", { name: "Have it serve" }).click();
    await confirm("Have version 2 of the projection carts serve");
    await eventually(async () => expect(await serving(store)).toBe(2));
    await page
      .getByRole("row", { name: /^2 serves/ })
      .getByRole("button", { name: "Pause" })
      .click();
    await confirm("Pause version 2 of the projection carts");
    await page.getByRole("button", { name: "Resume" }).click();
    await confirm("Resume version 2 of the projection carts");
    // It served before, too, and was built; that is over.
    expect(
      await page
        .getByRole("row", { name: /^2 serves/ })
        .getByText(/served until|waits to be swapped in/)
        .count(),
    ).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("an instance that is parked is retried and ended, and then offers neither", async ({ visit, store, onTestFinished }) => {
    let broken = true;
    await store.appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
    const worker = store.createWorker({ processes: [ordering(() => broken)], leaseMs: 2_000, onError: () => {} });
    onTestFinished(() => worker.stop());
    await worker.start();
    const status = async (): Promise<string | undefined> => (await store.processes.list())[0]?.status;
    await eventually(async () => expect(await status()).toBe("parked"));
    broken = false;
    const { page, go, complaints } = await visit({ role: "admin" });
    await go("/processes");
    await page.getByRole("link", { name: "order-1", exact: true }).click();
    await page.getByRole("button", { name: "Retry" }).click();
    await page.getByRole("button", { name: "Do it" }).click();
    await eventually(async () => expect(await status()).toBe("running"));
    await page.getByRole("button", { name: "End" }).click();
    await page.getByText("This cannot be taken back.").waitFor();
    await page.getByRole("button", { name: "Do it" }).click();
    await page.getByRole("button", { name: "Retry" }).waitFor({ state: "detached" });
    expect(await status()).toBe("cancelled");
    expect(complaints).toEqual([]);
  });
});
