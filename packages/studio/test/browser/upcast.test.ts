import { defineEvents } from "tidemark";
import { z } from "zod";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

describe("an event that the catalogue changes", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("shows both forms with what differs, and its fixture says which version it is of", async ({ visit, store, openStore }) => {
    await store.appendToStream("cart-1", [{ type: "CartConfirmed", data: { total: 3 } }]);
    const events = defineEvents({
      CartConfirmed: {
        schema: z.object({ total: z.number(), channel: z.string() }),
        version: 2,
        upcast: { 1: ({ data }) => ({ ...data, channel: "web" }) },
      },
    });
    const [stored] = await store.readStream("cart-1").toArray();
    const { page, go, complaints } = await visit({}, await openStore({ events }));
    await go(`/event?id=${stored?.id}`);
    await page.getByRole("heading", { name: "As the application reads it" }).waitFor();
    expect(await page.locator(".changes tbody tr > *").allTextContents()).toEqual(["channel", "not there", '"web"']);
    await page.getByRole("group", { name: "Copy" }).getByText("Fixture", { exact: true }).click();
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      '{\n  type: "CartConfirmed",\n  data: {\n    "total": 3\n  },\n  schemaVersion: 1,\n}',
    );
    expect(complaints).toEqual([]);
  });
});
