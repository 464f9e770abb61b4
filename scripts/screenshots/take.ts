// Takes a picture of each page of the studio into docs/pictures. Run: npm run screenshots (needs Chromium and a build)
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { serveStudio } from "@tidemark/studio";
import { startServer } from "@tidemark/servers";
import { executable } from "../../packages/studio/test/browser/executable.ts";
import { inRoot } from "../run.ts";
import { cartDecider, openShop, type Shop } from "./shop.ts";

/** So that the pages of the docs stay light. */
const mostBytes = 60_000;

interface Picture {
  readonly name: string;
  readonly path: string;
  /** What stands on the page once it shows its report. */
  readonly there: string;
  readonly dark?: boolean;
  readonly width?: number;
  /** A button to press before. */
  readonly press?: string;
  /** A button to press afterwards, and wait until it is gone. */
  readonly after?: string;
}

async function picturesOf({ store }: Shop): Promise<readonly Picture[]> {
  const [shipped] = await store.readAll({ direction: "backward", filter: { types: ["CartPaid"] }, limit: 1 }).toArray();
  const [letter] = await store.deadLetters.list({ limit: 1 });
  const carts = "/documents?collection=carts";
  return [
    { name: "overview", path: "/", there: ".shares" },
    { name: "overview-dark", path: "/", there: ".shares", dark: true },
    { name: "overview-phone", path: "/", there: ".shares", width: 390 },
    { name: "streams", path: "/streams?prefix=cart-1", there: ".rows" },
    { name: "stream", path: "/stream?id=cart-7", there: ".summary", press: "Open all" },
    { name: "state", path: "/state?id=cart-7&version=4", there: ".changes" },
    { name: "event", path: `/event?id=${shipped?.id}`, there: ".tree .node" },
    { name: "event-dark", path: `/event?id=${shipped?.id}`, there: ".tree .node", dark: true },
    { name: "live", path: "/live", there: ".summary" },
    { name: "followers", path: "/followers", there: ".rows" },
    { name: "follower", path: "/follower?id=stock", there: ".plot tbody tr:nth-child(6)" },
    { name: "change", path: "/follower?id=stock", there: ".plot canvas", press: "Resume", after: "Do it" },
    { name: "dead-letters", path: "/dead-letters", there: ".panel" },
    { name: "dead-letter", path: `/dead-letter?id=mailer&kind=consumer&position=${letter?.position}`, there: "#why" },
    { name: "projections", path: "/projections", there: "progress, .panel" },
    { name: "documents", path: `${carts}&where=${encodeURIComponent('[["cents","gte",6000]]')}`, there: ".rows" },
    { name: "document", path: "/document?collection=carts&id=cart-7", there: "text=ItemAdded" },
    { name: "processes", path: "/processes", there: "#timers" },
    { name: "process", path: "/process?name=reviews&id=cart-7", there: ".panel" },
    { name: "catalogue", path: "/catalogue", there: ".shares" },
    { name: "tenants", path: "/tenants", there: ".rows" },
    { name: "audit", path: "/audit", there: ".rows" },
  ];
}

if (executable === undefined) throw new Error("There is no Chromium. apt-get install chromium, or set TIDEMARK_CHROMIUM.");
const only = process.argv.slice(2);
const folder = inRoot("docs/pictures/studio");
await mkdir(folder, { recursive: true });
await using server = await startServer({ version: 18 });
await using shop = await openShop(server.url);
await using served = await serveStudio(shop.store, {
  authorize: () => ({ role: "admin", name: "ada" }),
  deciders: { cart: cartDecider },
  tenants: "all",
  timeoutMs: 60_000,
});
const browser = await chromium.launch({ executablePath: executable, args: ["--no-sandbox"] });
try {
  for (const { name, path, there, dark = false, width = 1_080, press, after } of await picturesOf(shop)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const context = await browser.newContext({
      viewport: { width, height: 680 },
      colorScheme: dark ? "dark" : "light",
      timezoneId: "UTC",
      reducedMotion: "reduce",
    });
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(new URL(path, served.url).href);
    await page.locator(there).first().waitFor({ state: "attached" });
    if (press !== undefined) await page.getByRole("button", { name: press }).first().click();
    if (after !== undefined) await page.getByRole("button", { name: after }).waitFor();
    // WebP is a third of PNG here, and playwright takes none.
    const devtools = await context.newCDPSession(page);
    const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 80 });
    const picture = Buffer.from(data, "base64");
    if (picture.length > mostBytes) throw new Error(`The picture of ${path} has ${picture.length} bytes, and ${mostBytes} are allowed. Show less of it.`);
    await writeFile(join(folder, `${name}.webp`), picture);
    console.log(`${name}.webp ${(picture.length / 1_000).toFixed(0)} kB`);
    if (after !== undefined) {
      await page.getByRole("button", { name: after }).click();
      await page.getByRole("button", { name: after }).waitFor({ state: "detached" });
    }
    await context.close();
  }
} finally {
  await browser.close();
}
