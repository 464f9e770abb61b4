import { serveStudio } from "@tidemark/studio";
import { ConnectionError, type EventStore } from "tidemark";
import { vi } from "vitest";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

async function append(store: EventStore, type: string): Promise<void> {
  await store.appendToStream("cart-1", [{ type, data: {} }]);
}

describe("the live tail in Chromium", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("shows what comes, but not under the pointer, and what is asked for alone", async ({ visit, store }) => {
    await append(store, "Opened");
    const { page, go, complaints } = await visit();
    await go("/live");
    const rows = page.locator(".summary");
    await rows.filter({ hasText: "Opened" }).waitFor();
    await append(store, "Renamed");
    await rows.filter({ hasText: "Renamed" }).waitFor();
    await rows.last().hover();
    await append(store, "Closed");
    await page.getByRole("button", { name: "Show 1 new event" }).waitFor();
    expect(await rows.first().textContent()).toContain("Renamed");
    await page.mouse.move(0, 0);
    await rows.filter({ hasText: "Closed" }).waitFor();
    await page.getByLabel("Types, with commas").fill("Opened,Closed");
    await page.getByLabel("Types, with commas").press("Enter");
    await rows.filter({ hasText: "Renamed" }).waitFor({ state: "detached" });
    // Those of before come anew. While the page is paused they would count as new ones.
    await expect.poll(() => rows.count(), { timeout: 120_000 }).toBe(2);
    expect(new URL(page.url()).searchParams.get("types")).toBe("Opened,Closed");
    await page.getByLabel("Types, with commas").blur();
    await page.keyboard.press("p");
    await page.getByRole("status").getByText("paused").waitFor();
    await append(store, "Opened");
    await page.getByRole("button", { name: "Show 1 new event" }).waitFor();
    await page.keyboard.press("p");
    await expect.poll(() => rows.count(), { timeout: 120_000 }).toBe(3);
    expect(complaints).toEqual([]);
  });

  test("lets a hidden tab go, and gives it what came meanwhile when it is seen again", async ({ visit, store }) => {
    await append(store, "Opened");
    const { page, go } = await visit();
    await go("/live");
    await page.locator(".summary", { hasText: "Opened" }).waitFor();
    const show = (state: string): Promise<void> =>
      page.evaluate((visibility) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => visibility });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await show("hidden");
    await page.getByRole("status").getByText("connecting").waitFor();
    for (const type of ["A", "B", "C"]) await append(store, type);
    expect(await page.locator(".summary").count()).toBe(1);
    await show("visible");
    await expect.poll(() => page.locator(".summary .type").allTextContents(), { timeout: 120_000 }).toEqual(["C", "B", "A", "Opened"]);
  });

  test("says that the server is gone, and goes on without a loss when it is back", async ({ visit, store, schema }) => {
    const served = await serveStudio(store, { schema, authorize: () => true });
    const { page } = await visit();
    await append(store, "Opened");
    await page.goto(`http://127.0.0.1:${served.port}/live`);
    await page.locator(".summary", { hasText: "Opened" }).waitFor();
    await served.close();
    await page.getByRole("alert").waitFor();
    for (const type of ["A", "B"]) await append(store, type);
    await using back = await serveStudio(store, { schema, authorize: () => true, port: served.port });
    await page.getByRole("alert").waitFor({ state: "detached" });
    await expect.poll(() => page.locator(".summary .type").allTextContents(), { timeout: 120_000 }).toEqual(["B", "A", "Opened"]);
    expect(back.port).toBe(served.port);
  });

  test("says that the log is followed no more, and goes on without a loss when it is again", async ({ visit, store }) => {
    await append(store, "Opened");
    const failing = Promise.withResolvers<never>();
    const back = Promise.withResolvers<void>();
    const [subscribe, readAll] = [store.subscribe.bind(store), store.readAll.bind(store)];
    vi.spyOn(store, "subscribe").mockImplementationOnce((options) => {
      const subscription = subscribe(options);
      vi.spyOn(subscription, "batches").mockImplementation(async function* (): AsyncGenerator<never, void, undefined> {
        yield await failing.promise;
      });
      return subscription;
    });
    const { page, go } = await visit();
    await go("/live");
    await page.locator(".summary", { hasText: "Opened" }).waitFor();
    // The page comes again, and waits.
    vi.spyOn(store, "readAll").mockImplementationOnce((options) => {
      const past = readAll(options);
      const read = past.toArray.bind(past);
      vi.spyOn(past, "toArray").mockImplementation(() => back.promise.then(read));
      return past;
    });
    failing.reject(new ConnectionError("The server is away.", { sent: false }));
    await page.getByRole("alert").getByText("away").waitFor();
    for (const type of ["A", "B"]) await append(store, type);
    back.resolve();
    await page.getByRole("alert").waitFor({ state: "detached" });
    await expect.poll(() => page.locator(".summary .type").allTextContents(), { timeout: 120_000 }).toEqual(["B", "A", "Opened"]);
  });
});
