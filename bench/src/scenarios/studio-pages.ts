import { once } from "node:events";
import { createServer } from "node:http";
import { type Browser, chromium } from "playwright-core";
import { nodeHandler, serveStudio } from "@tidemark/studio";
import { defineConsumer, documentProjection } from "tidemark";
import { executable } from "../../../packages/studio/test/browser/executable.ts";
import type { Sample } from "../sample.ts";
import type { Scenario } from "../scenario.ts";
import { eventsOfOne, grow, type Grown, refuseWithoutSpace } from "../subjects/grown.ts";

const carts = documentProjection({
  name: "carts",
  mode: "inline",
  collection: "carts",
  documentId: (event) => event.streamId,
  handles: ["CartOpened"],
  evolve: (document) => document ?? null,
});

/** A document a stream, and a timer for each hundred. */
const more = (streams: number): string => `
insert into tidemark.carts__v1 (_id, data)
select 'cart-' || n, jsonb_build_object('_id', 'cart-' || n, 'status', 'open', 'total', n) from generate_series(1, ${streams}) as n;
insert into tidemark.timers (key, stream, event_id, type, data, due_at)
select n::text, 'cart-' || n, gen_random_uuid(), 'Reminded', '{}', clock_timestamp() + n * interval '1 minute' + interval '1 day'
  from generate_series(1, ${Math.ceil(streams / 100)}) as n`;

interface Page {
  readonly path: string;
  /** What stands on it once it shows its report. */
  readonly there: string;
}

/** Every page that reads something, and some questions that find little or nothing. */
function pagesOf(eventId: string): readonly Page[] {
  return [
    { path: "/", there: ".shares" },
    { path: "/streams", there: ".rows" },
    { path: "/streams?prefix=cart-12", there: ".rows" },
    { path: "/streams?prefix=absent", there: ".empty" },
    { path: "/streams?category=cart&prefix=cart-9", there: ".rows" },
    { path: "/streams?category=absent", there: ".empty" },
    { path: "/stream?id=cart-77", there: ".summary" },
    { path: "/state?id=cart-77", there: ".changes" },
    { path: `/event?id=${eventId}`, there: "#causation" },
    { path: "/live", there: ".summary" },
    { path: "/live?types=Absent", there: ".empty" },
    { path: "/live?category=absent", there: ".empty" },
    { path: "/live?prefix=absent", there: ".empty" },
    { path: "/followers", there: ".rows" },
    { path: "/follower?id=mailer", there: ".plot canvas" },
    { path: "/dead-letters", there: ".empty" },
    { path: "/projections", there: ".panel" },
    { path: "/documents", there: ".shares" },
    { path: "/documents?collection=carts", there: ".rows" },
    { path: "/document?collection=carts&id=cart-77", there: "#history" },
    { path: "/processes", there: "#timers" },
    { path: "/catalogue", there: ".shares" },
    { path: "/tenants", there: ".rows" },
    { path: "/audit", there: ".empty" },
  ];
}

/** A server, for one load. */
interface Served extends AsyncDisposable {
  readonly port: number;
}

/** A studio that was just started, which has kept no report. */
function serve({ store }: Grown): Promise<Served> {
  const deciders = { cart: { initialState: () => ({ n: 0 }), evolve: ({ n }: { n: number }) => ({ n: n + 1 }) } };
  return serveStudio(store, { authorize: () => "admin", tenants: "all", deciders });
}

/** What the browser and the server take for a page that asks for nothing: no load can be faster. */
async function serveEmptyPage(): Promise<Served> {
  const fetch = async (): Promise<Response> =>
    new Response('<!doctype html><title>Empty</title><p class="there">There</p>', { headers: { "content-type": "text/html" } });
  const server = createServer(nodeHandler({ fetch }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const end = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
  };
  return { port: typeof bound === "object" && bound !== null ? bound.port : 0, [Symbol.asyncDispose]: end };
}

async function load(browser: Browser, open: () => Promise<Served>, { path, there }: Page, seconds: number): Promise<Sample> {
  const tab = await browser.newPage();
  const latencies: number[] = [];
  const start = performance.now();
  do {
    await using served = await open();
    const before = performance.now();
    await tab.goto(`http://127.0.0.1:${served.port}${path}`, { waitUntil: "commit" });
    await tab.locator(there).first().waitFor();
    latencies.push(performance.now() - before);
    await tab.goto("about:blank");
  } while (performance.now() - start < seconds * 1_000);
  await tab.close();
  return { events: latencies.length, seconds: latencies.reduce((sum, ms) => sum + ms, 0) / 1_000, latencies };
}

/** First loads of every page of the studio in Chromium, in a small store and in one of `most` events. */
export function studioPages(most: number): Scenario {
  return {
    number: 62,
    title: "First loads of the studio's pages",
    about: `Chromium opens a page of a studio that was just started, until the page shows its report. ${eventsOfOne} events a stream, a document a stream, a timer for each hundred streams, and a consumer that has read nothing. The floor is a page that asks for nothing, of a server of the same kind.`,
    unit: "loads/s",
    async prepare(setting) {
      if (executable === undefined) throw new Error("There is no Chromium. apt-get install chromium, or set TIDEMARK_CHROMIUM.");
      await refuseWithoutSpace(most);
      const grown: Grown[] = [];
      for (const events of [10_000, most]) grown.push(await grow(setting, events, { projections: [carts] }, more(events / eventsOfOne)));
      for (const { store } of grown) {
        const worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle: async () => {} })] });
        await worker.start();
        await worker.stop();
      }
      const browser = await chromium.launch({ executablePath: executable, args: ["--no-sandbox"] });
      setting.cleanup.defer(() => browser.close());
      const [small] = grown;
      if (!small) return [];
      const [event] = await small.store.readStream("cart-77", { limit: 1 }).toArray();
      const [other] = (await grown[1]?.store.readStream("cart-77", { limit: 1 }).toArray()) ?? [];
      const others = pagesOf(other?.id ?? "");
      return pagesOf(event?.id ?? "").map((page, index) => ({
        label: page.path.startsWith("/event") ? "/event" : page.path,
        subject: small.name,
        contestants: [
          ...grown.map((one) => ({
            name: one.name,
            measure: (seconds: number) => load(browser, () => serve(one), (one === small ? page : others[index]) ?? page, seconds),
          })),
          { name: "floor: an empty page", measure: (seconds) => load(browser, serveEmptyPage, { path: "/", there: ".there" }, seconds) },
        ],
        targets: grown.map(({ name }) => ({ of: name, medianAtMostMs: 300 })),
      }));
    },
  };
}
