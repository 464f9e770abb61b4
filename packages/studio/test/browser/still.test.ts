import { defineProcess, type Event, type EventStore } from "tidemark";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

const ordering = defineProcess<number, Event<"OrderPlaced", object>>({
  name: "ordering",
  handles: ["OrderPlaced"],
  instanceId: ({ streamId }) => streamId,
  initialState: () => 0,
  evolve: (n) => n + 1,
  react: () => [],
});

async function place(store: EventStore, id: string): Promise<void> {
  await store.appendToStream(id, [{ type: "OrderPlaced", data: {} }]);
}

describe("under the pointer", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("no list changes by itself: what came is there once the pointer leaves", async ({ visit, store, onTestFinished }) => {
    const worker = store.createWorker({ processes: [ordering] });
    onTestFinished(() => worker.stop());
    await worker.start();
    await place(store, "order-1");
    const { page, go } = await visit();
    const other = await page.context().newPage();
    await go("/processes");
    const link = page.getByRole("link", { name: "order-1" });
    await link.waitFor();
    await link.hover();
    await place(store, "order-2");
    await other.goto(page.url());
    await other.getByRole("link", { name: "order-2" }).waitFor();
    // It asks again once it has dealt with the answer before.
    for (let n = 0; n < 2; n++)
      await page.waitForResponse(async (response) => response.url().includes("/api/processes") && (await response.text()).includes("order-2"));
    expect(await page.getByRole("link", { name: /^order-/ }).allTextContents()).toEqual(["order-1"]);
    await page.mouse.move(0, 0);
    await page.getByRole("link", { name: "order-2" }).waitFor();
  });
});
