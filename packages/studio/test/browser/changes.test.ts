import type { Page } from "playwright-core";
import { defineConsumer, defineRelay, type EventStore, type Worker } from "tidemark";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";
import { eventually } from "../../../tidemark/test/support/test.ts";
import { refuseToSettle } from "../support.ts";

/** A consumer that fails at every other order, with orders behind. */
async function failing(store: EventStore): Promise<Worker> {
  const mailer = defineConsumer({
    name: "mailer",
    retry: { attempts: 1 },
    onFailure: "dead-letter",
    handle: async ({ streamId }) => {
      if (streamId !== "order-3") throw new Error(`no address of ${streamId.length} letters for "${streamId}"`);
    },
  });
  const worker = store.createWorker({ consumers: [mailer] });
  await worker.start();
  for (const id of ["order-1", "order-2", "order-3", "order-1"]) await store.appendToStream(id, [{ type: "OrderPlaced", data: { id } }]);
  await eventually(async () => expect(await store.deadLetters.list()).toHaveLength(3));
  return worker;
}

/** Where the machine is busy, more time may pass between two keys than one leaves between the two of a sequence. */
function reach(page: Page, key: string, heading: string): Promise<void> {
  return eventually(async () => {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    expect(await page.getByRole("heading", { name: heading }).count()).toBe(1);
  });
}

describe("in Chromium", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("a consumer is paused by keyboard after a question, and the audit has it", async ({ visit, store }) => {
    const worker = await failing(store);
    const { page, go, complaints } = await visit({ authorize: () => ({ role: "admin", name: "ada" }) });
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await reach(page, "c", "Consumers and relays");
    await page.getByRole("link", { name: "mailer" }).click();
    await page.getByLabel("Reason").fill("maintenance");
    await page.getByRole("button", { name: "Pause" }).press("Enter");
    await page.getByRole("dialog", { name: "Pause the consumer mailer" }).getByText("maintenance").waitFor();
    expect((await store.consumers.get("mailer")).paused).toBe(false);
    await page.getByRole("button", { name: "Cancel" }).press("Enter");
    await page.getByRole("button", { name: "Pause" }).press("Enter");
    await page.getByRole("button", { name: "Do it" }).press("Enter");
    await page.getByRole("button", { name: "Resume" }).waitFor();
    expect((await store.consumers.get("mailer")).pause).toMatchObject({ by: "ada", reason: "maintenance" });
    await reach(page, "a", "Audit");
    await page.locator("summary").getByText("pause consumer mailer").click();
    await page.getByLabel("Parameters of: pause consumer mailer").waitFor();
    await page.getByText("maintenance").first().waitFor();
    expect(await page.locator("tbody tr").count()).toBe(1);
    await go("/follower?id=absent");
    await page.getByRole("heading", { name: "There is no such consumer" }).waitFor();
    expect(complaints).toEqual([]);
    await worker.stop();
  });

  test("a question stays that is asked before the browser tells of the end of the last one", async ({ visit, store }) => {
    const worker = await failing(store);
    const { page, go } = await visit({ role: "admin" });
    await go("/follower?id=mailer");
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Do it" }).waitFor();
    // The browser tells in a task of its own, and what is awaited here comes before it.
    await page.evaluate(async () => {
      const button = (label: string): HTMLButtonElement | undefined =>
        [...document.querySelectorAll("button")].find(({ textContent }) => textContent === label);
      const closed = new Promise<Event>((resolve) => document.querySelector("dialog[open]")?.addEventListener("close", resolve));
      const closing = new Promise<void>((resolve) => {
        new MutationObserver(() => resolve()).observe(document, { subtree: true, attributeFilter: ["open"] });
      });
      button("Cancel")?.click();
      await closing;
      button("Pause")?.click();
      await closed;
      await new Promise((resolve) => setTimeout(resolve));
    });
    expect(await page.getByRole("dialog").count()).toBe(1);
    await page.getByRole("button", { name: "Do it" }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    await worker.stop();
  });

  test("dead letters stand by cause, with what waits behind, and are discarded one by one or retried together", async ({ visit, store }) => {
    const worker = await failing(store);
    const { page, go, complaints } = await visit({ role: "admin" });
    await go("/dead-letters");
    await page.getByRole("heading", { name: "no address of … letters for …" }).waitFor();
    await page.getByText("2 letters, and 1 parked behind them").waitFor();
    await page.getByRole("link", { name: "OrderPlaced" }).first().click();
    await page.getByLabel("Stack").waitFor();
    await page.getByRole("heading", { name: "Parked behind it" }).waitFor();
    await page.getByRole("button", { name: "Discard" }).click();
    await page.getByText("This cannot be taken back.").waitFor();
    await page.getByRole("button", { name: "Do it" }).click();
    await page.getByRole("heading", { name: "There is no such letter" }).waitFor();
    expect(await store.deadLetters.history()).toMatchObject([{ outcome: "discarded", type: "OrderPlaced" }]);
    await page.getByRole("link", { name: "Show all" }).click();
    await page.getByRole("button", { name: /Retry all/ }).click();
    await page.getByRole("button", { name: "Do it" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await eventually(async () => expect((await store.deadLetters.list({ state: "failed" })).some(({ attempts }) => attempts > 1)).toBe(true));
    await worker.stop();
    await go("/followers");
    await page
      .getByRole("row", { name: /^mailer/ })
      .getByRole("link", { name: /^\d+$/ })
      .click();
    await page.getByText("Only mailer").waitFor();
    await page.getByRole("button", { name: /Discard all/ }).click();
    await page.getByText("This cannot be taken back.").waitFor();
    await page.getByRole("button", { name: "Do it" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await store.deadLetters.list({ state: "failed" })).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("a change that was made says so where the audit could not be completed, and stays until it is read", async ({ visit, store, sql, schema }) => {
    const worker = await failing(store);
    const { page, go, complaints } = await visit({ role: "admin" });
    await go("/follower?id=mailer");
    await page.getByRole("button", { name: "Pause" }).click();
    await refuseToSettle(sql, schema);
    await page.getByRole("button", { name: "Do it" }).click();
    const dialog = page.getByRole("dialog", { name: "Done: Pause the consumer mailer" });
    await dialog.getByRole("alert").getByText("The change was made, but the audit could not be completed").waitFor();
    expect(await dialog.getByRole("button").allTextContents()).toEqual(["Close"]);
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("dialog", { name: "Resume the consumer mailer" }).waitFor();
    expect((await store.consumers.get("mailer")).paused).toBe(true);
    expect(complaints).toEqual([]);
    await worker.stop();
  });

  test("a relay publishes a part of the log again, between two positions and for a reason", async ({ visit, store }) => {
    const replayed: (string | undefined)[] = [];
    const publish = async ({ key, headers }: { readonly key?: string; readonly headers: Readonly<Record<string, string>> }): Promise<void> => {
      if (headers["tidemark-replay"] === "true") replayed.push(key);
    };
    const worker = store.createWorker({ relays: [defineRelay({ name: "out", to: { name: "memory", publish, close: async () => {} } })] });
    await worker.start();
    for (const id of ["order-1", "order-2", "order-3", "order-4"]) await store.appendToStream(id, [{ type: "OrderPlaced", data: {} }]);
    const [, from = 0, until = 0] = (await store.readAll().toArray()).map(({ position }) => position);
    const { page, go, complaints } = await visit({ authorize: () => ({ role: "admin", name: "ada" }) });
    await go("/follower?id=out&kind=relay");
    await page.getByLabel("Reason").fill("the broker lost them");
    await page.getByLabel("Position").fill(`${from}`);
    await page.getByRole("button", { name: `Publish again from ${from}`, exact: true }).waitFor();
    await page.getByLabel("Until").fill(`${until}`);
    await page.getByRole("button", { name: `Publish again from ${from} to ${until}`, exact: true }).click();
    await page.getByRole("dialog", { name: `from position ${from} to ${until}` }).waitFor();
    await page.getByRole("button", { name: "Do it" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await eventually(async () => {
      expect(await store.audit.list()).toMatchObject([
        { action: "replay", subject: "relay out", actor: "ada", reason: "the broker lost them", parameters: { name: "out", from, until }, state: "done" },
      ]);
    });
    expect(new Set(replayed)).toEqual(new Set(["order-2", "order-3"]));
    await go("/audit");
    await page.locator("summary").getByText("replay relay out").click();
    await page.getByText("the broker lost them").first().waitFor();
    expect(complaints).toEqual([]);
    await worker.stop();
  });

  test("a viewer is offered no change, and told who may see the audit", async ({ visit, store }) => {
    const worker = await failing(store);
    const { page, go } = await visit();
    await go("/follower?id=mailer");
    await page.getByRole("heading", { name: "Shards" }).waitFor();
    expect(await page.getByRole("button", { name: /Pause|Move/ }).count()).toBe(0);
    await go("/audit");
    await page.getByRole("heading", { name: "Only an admin may see this" }).waitFor();
    await worker.stop();
  });
});
