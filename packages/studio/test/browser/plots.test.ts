import type { Page } from "playwright-core";
import { defineConsumer } from "tidemark";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

/** How many pixels of the first plot have the colour of its line. */
const pixelsOfLine = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const box = document.querySelector(".plot .canvas");
    const canvas = box?.querySelector("canvas");
    const drawing = canvas?.getContext("2d");
    if (!box || !canvas || !drawing || canvas.width === 0) return 0;
    const line = getComputedStyle(box).stroke.match(/\d+/g)?.slice(0, 3).map(Number) ?? [];
    const { data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
    let pixels = 0;
    for (let at = 0; at < data.length; at += 4) if (line.every((value, channel) => data[at + channel] === value) && data[at + 3] === 255) pixels++;
    return pixels;
  });

describe("a plot", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("draws what its table says, in the colours of the theme and to the width of the page", async ({ visit, store }) => {
    const worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle: async () => {} })] });
    await worker.start();
    await worker.stop();
    await store.appendToStream(
      "cart-1",
      Array.from({ length: 40 }, () => ({ type: "Opened", data: {} })),
    );
    const { page, go, complaints } = await visit();
    await go("/follower?id=mailer");
    const drawn = (): Promise<void> => expect.poll(() => pixelsOfLine(page), { timeout: 120_000 }).toBeGreaterThan(50);
    await drawn();
    const colour = (): Promise<string> => page.evaluate(() => getComputedStyle(document.querySelector(".plot .canvas") ?? document.body).stroke);
    const light = await colour();
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(colour, { timeout: 120_000 }).not.toBe(light);
    await drawn();
    await page.keyboard.press("d");
    await expect.poll(colour, { timeout: 120_000 }).toBe(light);
    await drawn();
    await page.setViewportSize({ width: 390, height: 900 });
    const sideways = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await expect.poll(sideways, { timeout: 120_000 }).toBe(0);
    await drawn();
    await page.locator(".plot summary").first().click();
    await page.locator(".plot").first().getByRole("cell", { name: "40", exact: true }).first().waitFor();
    expect(complaints).toEqual([]);
  });
});
