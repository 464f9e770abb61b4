import type { EventStore } from "tidemark";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

async function fill(store: EventStore): Promise<void> {
  for (let n = 10; n < 35; n++) await store.schedule("cart-1", { type: "Reminded", data: {} }, { key: `timer-${n}`, in: n * 3_600_000 });
  for (let n = 0; n < 60; n++) await store.audit.record({ action: "pause", subject: `consumer c-${String(n).padStart(2, "0")}`, actor: "ada" });
}

describe("the address", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("says what a list is asked for and where it is, so that somebody else sees the same", async ({ visit, store }) => {
    await fill(store);
    const { page, go, complaints } = await visit({ role: "admin" });
    /** What another browser shows at the same address. */
    const shared = async (rows: string): Promise<readonly string[]> => {
      await page.locator(rows).first().waitFor();
      const here = await page.locator(rows).allTextContents();
      const other = await page.context().newPage();
      await other.goto(page.url());
      await other.locator(rows).first().waitFor();
      expect(await other.locator(rows).allTextContents()).toEqual(here);
      await other.close();
      return here;
    };
    const timers = "#timers ~ .scrolled tbody th";
    await go("/processes?status=parked");
    await page.getByText("timer-10").waitFor();
    await page.getByRole("navigation", { name: "Pages of timers" }).getByRole("button", { name: "More" }).click();
    await page.getByText("timer-30").waitFor();
    expect(await shared(timers)).toEqual(["timer-30", "timer-31", "timer-32", "timer-33", "timer-34"]);
    expect(new URL(page.url()).searchParams.get("status")).toBe("parked");
    await page.getByRole("button", { name: "First" }).click();
    await page.getByText("timer-10").waitFor();
    expect(new URL(page.url()).search).toBe("?status=parked");

    await go("/audit");
    await page.getByText("pause consumer c-59").waitFor();
    await page.keyboard.press("n");
    await page.getByText("pause consumer c-09").waitFor();
    const summaries = ".rows tbody summary";
    expect((await shared(summaries)).length).toBe(10);
    await page.keyboard.press("p");
    await page.getByText("pause consumer c-59").waitFor();
    expect(new URL(page.url()).search).toBe("");
    await page.locator(summaries).first().click();
    await page.getByRole("link", { name: "All changes of it" }).click();
    await page.getByText("pause consumer c-58").waitFor({ state: "detached" });
    expect(await shared(summaries)).toEqual(["pause consumer c-59"]);
    expect(complaints).toEqual([]);
  });
});
