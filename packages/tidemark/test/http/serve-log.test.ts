import { randomInt } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import { isTidemarkError, type EventStore } from "tidemark";
import { type LogHandler, nodeHandler, serveLog, type ServeLogOptions } from "tidemark/http";
import { describe, eventually, expect, test } from "../support/test.ts";

const added = (n: number | string): { type: string; data: { n: number | string } } => ({ type: "ItemAdded", data: { n } });
const everything = (): Record<string, never> => ({});

interface Answer {
  readonly status: number;
  readonly next: string;
  readonly upToDate: boolean;
  readonly headers: Headers;
  readonly text: string;
  /** `data.n` of its events. */
  readonly n: readonly unknown[];
}

async function get(
  handler: LogHandler,
  path: string,
  init: { readonly method?: string; readonly headers?: Record<string, string>; readonly signal?: AbortSignal } = {},
): Promise<Answer> {
  const response = await handler(new Request(`https://shop.example${path}`, init));
  const text = await response.text();
  const { headers, status } = response;
  const n = status === 200 && text.startsWith("[") ? numbers(text) : [];
  return { status, headers, text, n, next: headers.get("stream-next-offset") ?? "", upToDate: headers.get("stream-up-to-date") === "true" };
}

function numbers(json: string): unknown[] {
  const events: readonly { readonly data: { readonly n: unknown } }[] = JSON.parse(json);
  return events.map(({ data }) => data.n);
}

/** A client of an event stream that reads only when it is asked to. */
class Client {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";
  readonly n: unknown[] = [];
  /** Of the last control event. */
  last: { readonly streamNextOffset: string; readonly streamCursor: string; readonly upToDate?: boolean } | undefined;

  constructor({ body }: Response) {
    if (!body) throw new Error("It has no body.");
    this.#reader = body.getReader();
  }

  static async open(handler: LogHandler, path: string, headers: Record<string, string> = {}): Promise<Client> {
    const response = await handler(new Request(`https://shop.example${path}`, { headers }));
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    return new Client(response);
  }

  /** False: the stream has ended. */
  async read(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    this.#text += new TextDecoder().decode(value);
    const blocks = this.#text.split("\n\n");
    this.#text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, id, event, data = ""] = /^id: (\d{16})\nevent: (\w+)\ndata:(.*)$/.exec(block) ?? [];
      if (event === "data") this.n.push(...numbers(data));
      if (event === "control") this.last = JSON.parse(data);
      if (event === "control") expect(id).toBe(this.last?.streamNextOffset);
    }
    return true;
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) if (!(await this.read())) throw new Error("The stream has ended.");
  }

  /** Until it has ended. */
  async rest(): Promise<void> {
    while (await this.read());
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}

function serve(store: EventStore, options: Partial<ServeLogOptions> = {}): LogHandler {
  const failures: unknown[] = [];
  return serveLog(store, { authorize: everything, onError: (error) => failures.push(error), ...options });
}

describe("serveLog refuses to start", () => {
  test("without a callback that says who may read, and with options that it does not know", ({ store }) => {
    const starting = (options: object): unknown => {
      try {
        // Options as JavaScript may pass them.
        return Reflect.apply(serveLog, undefined, [store, options]);
      } catch (error) {
        return isTidemarkError(error, "INVALID_ARGUMENT") ? error.message : error;
      }
    };
    expect(starting({})).toMatch(/^options\.authorize is missing/);
    expect(starting({ authorise: everything })).toMatch(/authorise is not an option.*authorize/);
    expect(starting({ authorize: everything, path: "events/" })).toMatch(/^options\.path must be/);
    expect(starting({ authorize: everything, pageEvents: 0 })).toMatch(/^options\.pageEvents/);
  });
});

describe("a page", () => {
  test("holds events in order from an offset on, and tells where to go on", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(1), added(2), added(3)]);
    await application.appendToStream("order-1", [added(4), added(5)]);
    await using handler = serve(store, { pageEvents: 2 });
    const seen: unknown[] = [];
    let [offset, upToDate] = ["-1", false];
    for (let pages = 0; !upToDate && pages < 10; pages++) {
      const page = await get(handler, `/log?offset=${offset}`);
      expect(page).toMatchObject({ status: 200 });
      expect(page.n.length).toBeLessThanOrEqual(2);
      expect(page.next > offset || offset === "-1").toBe(true);
      expect(page.headers.get("cache-control")).toBe(page.upToDate ? "private, no-cache" : "private, max-age=60, stale-while-revalidate=300");
      seen.push(...page.n);
      ({ next: offset, upToDate } = page);
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(await get(handler, `/log?offset=${offset}`)).toMatchObject({ n: [], next: offset, upToDate: true, text: "[]" });

    expect((await get(handler, "/streams/order-1")).n).toEqual([4, 5]);
    const whole = JSON.parse((await get(handler, "/streams/order-1")).text);
    expect(whole[0]).toMatchObject({ type: "ItemAdded", streamId: "order-1", version: 1, data: { n: 4 }, metadata: {} });
    expect(whole[0]).not.toHaveProperty("tenant");

    // The end, without what is before it.
    const [now, head] = [await get(handler, "/log?offset=now"), await get(handler, "/log", { method: "HEAD" })];
    expect(now).toMatchObject({ status: 200, text: "[]", upToDate: true, next: offset });
    expect(head).toMatchObject({ status: 200, text: "", next: offset });
    expect([now, head].map(({ headers }) => headers.get("cache-control"))).toEqual(["no-store", "no-store"]);
    expect(now.headers.has("etag")).toBe(false);
    expect((await get(handler, "/streams/order-1", { method: "HEAD" })).next).toBe(offset);
  });

  test("is not sent again to who has it, and is once there is more", async ({ store, application }) => {
    await application.appendToStream("cart-2", [added(1)]);
    await using handler = serve(store);
    const { headers, text } = await get(handler, "/streams/cart-2");
    const tag = headers.get("etag") ?? "";
    expect(text).not.toBe("");
    for (const given of [tag, `W/${tag}`, `"other", ${tag}`]) {
      expect(await get(handler, "/streams/cart-2", { headers: { "if-none-match": given } })).toMatchObject({ status: 304, text: "" });
    }
    await application.appendToStream("cart-3", [added(1)]);
    // Neither the tag of another stream, nor that of a page that has grown.
    expect((await get(handler, "/streams/cart-3", { headers: { "if-none-match": tag } })).status).toBe(200);
    await application.appendToStream("cart-2", [added(2)]);
    expect((await get(handler, "/streams/cart-2", { headers: { "if-none-match": tag } })).n).toEqual([1, 2]);
  });

  test("has another tag for who sees other events, also where it ends at the same place", async ({ store, application }) => {
    await application.appendToStream("cart-2", [added(1), { type: "Removed", data: { n: 2 } }]);
    const tagOf = async (types: readonly string[]): Promise<string> => {
      await using handler = serve(store, { authorize: () => ({ filter: { types } }) });
      return (await get(handler, "/log")).headers.get("etag") ?? "";
    };
    const [all, some] = [await tagOf(["ItemAdded", "Removed"]), await tagOf(["Removed"])];
    const range = (tag: string): string => tag.replace(/^"[0-9a-f]+/, "");
    expect(range(all)).toMatch(/^-\d+-\d+/);
    expect(range(some)).toBe(range(all));
    expect(some).not.toBe(all);
  });

  test("is no longer than it may be, and never without an event", async ({ store, application }) => {
    await application.appendToStream("cart-4", [added("x".repeat(900)), added("y".repeat(900)), added("z")]);
    await using handler = serve(store, { pageBytes: 1_000 });
    expect((await get(handler, "/streams/cart-4")).n).toHaveLength(1);
  });

  test("shows what the application lets through of each event", async ({ store, application }) => {
    await application.appendToStream("cart-5", [added(1), added(2), added(3)]);
    await using handler = serve(store, { map: ({ data, version }) => (version === 2 ? undefined : { data: { n: JSON.stringify(data) } }) });
    const { text, next } = await get(handler, "/streams/cart-5");
    expect(JSON.parse(text)).toEqual([{ data: { n: '{"n":1}' } }, { data: { n: '{"n":3}' } }]);
    expect(await get(handler, `/streams/cart-5?offset=${next}`)).toMatchObject({ text: "[]" });
  });

  test.for([
    ["a promise", async () => ({ n: 1 })],
    ["a function", () => () => 1],
  ] as const)("is no page where the application shows %s", async ([, map], { store, application }) => {
    await application.appendToStream("cart-5", [added(1)]);
    const failures: unknown[] = [];
    await using handler = serve(store, { map, onError: (error) => failures.push(error) });
    expect(await get(handler, "/streams/cart-5")).toMatchObject({ status: 500, text: expect.not.stringContaining("ItemAdded") });
    expect(String(failures)).toContain("must return JSON, or undefined to leave the event out");
  });

  test.for([
    ["/log?offset=", 400],
    ["/log?offset=1", 400],
    ["/log?offset=00000000000000-1", 400],
    ["/log?offset=9999999999999999", 400],
    ["/log?offset=0000000000000001,", 400],
    ["/log?offset=-1&offset=now", 400],
    ["/log?live=sse", 400],
    ["/log?live=long-poll", 400],
    ["/log?offset=-1&live=websocket", 400],
    ["/streams/none", 404],
    ["/streams/none?offset=now", 404],
    ["/streams/none?offset=-1&live=sse", 404],
    ["/streams/none?offset=-1&live=long-poll", 404],
    ["/streams/%00", 400],
    ["/streams/%ff", 400],
    [`/streams/${"x".repeat(513)}`, 400],
    ["/streams/", 400],
    ["/streams/a/b", 404],
    ["/log/", 404],
    ["/", 404],
    ["/other", 404],
  ] as const)("of %s is refused with %i", async ([path, status], { store }) => {
    await using handler = serve(store);
    const { headers, ...answer } = await get(handler, path);
    expect(answer.status).toBe(status);
    expect(headers.get("content-type")).toBe("application/problem+json");
  });

  test("cannot be written", async ({ store }) => {
    await using handler = serve(store);
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const { status, headers } = await get(handler, "/log", { method });
      expect([method, status, headers.get("allow")]).toEqual([method, 405, "GET, HEAD"]);
    }
  });
});

describe("the application's callback", () => {
  test("refuses with 403, with an answer of its own, or with what it throws, and says nothing of that", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added("secret")]);
    const answers = [undefined, new Response("who?", { status: 401, headers: { "www-authenticate": "Bearer" } })];
    await using handler = serve(store, {
      authorize: () => {
        if (answers.length === 0) throw new Error("the directory of secret users is away");
        return answers.shift();
      },
    });
    expect((await get(handler, "/log")).status).toBe(403);
    expect(await get(handler, "/log")).toMatchObject({ status: 401, text: "who?" });
    const failed = await get(handler, "/log");
    expect(failed.status).toBe(500);
    expect(failed.text).not.toContain("secret");
  });

  test("opens nothing where it has a typing error", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added("secret")]);
    // As JavaScript may return them.
    for (const access of [{ tennant: "acme" }, { filter: [] }, { filter: { type: ["X"] } }, { tenant: 7 }, "all", true, null]) {
      await using handler = serve(store, { authorize: JSON.parse(`[${JSON.stringify(access)}]`).map((one: unknown) => () => one)[0] });
      for (const path of ["/log", "/streams/cart-1", "/log?offset=-1&live=sse", "/log?offset=-1&live=long-poll"]) {
        const answer = await get(handler, path);
        expect(answer.status).toBe(access === null ? 403 : 500);
        expect(answer.text).not.toContain("secret");
      }
    }
  });

  test("narrows what is read to a tenant and a filter, on every way of reading", async ({ store, application }) => {
    const acme = application.forTenant("acme");
    await application.appendToStream("cart-1", [added("canary-root")]);
    await application.forTenant("globex").appendToStream("cart-1", [added("canary-globex")]);
    await acme.appendToStream("order-1", [added("canary-order")]);
    await acme.appendToStream("cart-1", [{ ...added("mine"), tags: ["shown"] }, added("canary-untagged")]);
    await using handler = serve(store, { longPollMs: 1, authorize: () => ({ tenant: "acme", filter: { categories: ["cart"], tags: ["shown"] } }) });
    for (const path of ["/log", "/streams/cart-1", "/log?offset=-1&live=long-poll"]) expect((await get(handler, path)).n, path).toEqual(["mine"]);
    const client = await Client.open(handler, "/log?offset=-1&live=sse");
    await client.until(() => client.last?.upToDate === true);
    expect(client.n).toEqual(["mine"]);
    await application.appendToStream("cart-1", [{ ...added("canary-root"), tags: ["shown"] }]);
    await acme.appendToStream("cart-1", [added("canary-untagged"), { ...added("live"), tags: ["shown"] }]);
    await client.until(() => client.n.length > 1);
    expect(client.n).toEqual(["mine", "live"]);
    await client.leave();

    // A stream that may not be read looks like one that is not there.
    const hidden = await get(handler, "/streams/order-1");
    const absent = await get(handler, "/streams/order-2");
    expect([hidden.status, hidden.text]).toEqual([404, absent.text]);
    expect((await get(handler, "/streams/order-1", { method: "HEAD" })).status).toBe(404);
  });

  test("gets the stream, and a filter by streams keeps others out", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(1)]);
    await application.appendToStream("cart-2", [added(2)]);
    const asked: unknown[] = [];
    await using handler = serve(store, {
      authorize: (_request, { streamId }) => {
        asked.push(streamId);
        return { filter: [{ streamIds: ["cart-1"] }] };
      },
    });
    expect((await get(handler, "/streams/cart-1")).n).toEqual([1]);
    expect((await get(handler, "/streams/cart-2")).status).toBe(404);
    expect((await get(handler, "/log")).n).toEqual([1]);
    expect(asked).toEqual(["cart-1", "cart-2", undefined]);
  });
});

describe("a long poll", () => {
  test("answers once there is something, or with 204 and a later cursor", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(1)]);
    await using handler = serve(store);
    const { next } = await get(handler, "/log");
    const polls = [get(handler, `/log?offset=${next}&live=long-poll`), get(handler, "/streams/cart-1?offset=now&live=long-poll")];
    await eventually(() => expect(store.metrics().listener.followers).toBe(2));
    await application.appendToStream("cart-1", [added(2)]);
    for (const poll of await Promise.all(polls)) expect(poll).toMatchObject({ status: 200, n: [2], upToDate: true });

    await using impatient = serve(store, { longPollMs: 1 });
    const quiet = await get(impatient, "/log?offset=now&live=long-poll&cursor=99999999");
    expect(quiet).toMatchObject({ status: 204, text: "", upToDate: true });
    expect(quiet.next).toBe((await get(handler, "/log?offset=now")).next);
    expect(Number(quiet.headers.get("stream-cursor"))).toBeGreaterThan(99_999_999);
  });

  test("ends when its request does, and when the server closes", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(1)]);
    const handler = serve(store, { maxReaders: 1 });
    const gone = new AbortController();
    const left = get(handler, "/log?offset=now&live=long-poll", { signal: gone.signal });
    await eventually(async () => expect((await get(handler, "/log?offset=now&live=sse")).status).toBe(503));
    gone.abort();
    expect((await left).status).toBe(204);
    const waiting = get(handler, "/log?offset=now&live=long-poll");
    await eventually(async () => expect((await get(handler, "/log?offset=now&live=sse")).status).toBe(503));
    await handler.close();
    expect((await waiting).status).toBe(503);
    expect(await get(handler, "/log")).toMatchObject({ status: 503 });
    expect((await store.streamInfo("cart-1")).version).toBe(1);
  });
});

describe("an event stream", () => {
  test("catches up, stays live, and goes on from Last-Event-ID whatever the address says", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(1), added(2), added(3)]);
    await using handler = serve(store, { pageEvents: 2 });
    const client = await Client.open(handler, "/log?offset=-1&live=sse");
    await client.until(() => client.last?.upToDate === true);
    expect(client.n).toEqual([1, 2, 3]);
    await application.appendToStream("cart-1", [added(4)]);
    await client.until(() => client.n.length === 4);
    const { streamNextOffset } = client.last ?? { streamNextOffset: "" };
    await client.leave();
    await application.appendToStream("cart-1", [added(5)]);
    const again = await Client.open(handler, "/log?offset=-1&live=sse", { "last-event-id": streamNextOffset });
    await again.until(() => again.n.length > 0);
    expect(again.n).toEqual([5]);
    await again.leave();
    const late = await Client.open(handler, "/log?offset=now&live=sse");
    await late.until(() => late.last !== undefined);
    expect([late.n, late.last?.upToDate]).toEqual([[], true]);
    await late.leave();
  });

  test("greets a reader of a stream whose events it may not see", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(1)]);
    await using handler = serve(store, { map: () => undefined });
    const client = await Client.open(handler, "/streams/cart-1?offset=-1&live=sse");
    await client.until(() => client.last?.upToDate === true);
    expect([client.n, client.last?.streamNextOffset]).toEqual([[], (await get(handler, "/streams/cart-1")).next]);
    await client.leave();
  });

  test("of many readers costs one subscription, and no query for those who have everything", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(1)]);
    await using handler = serve(store);
    const { next } = await get(handler, "/log");
    const first = await Client.open(handler, `/log?offset=${next}&live=sse`);
    await first.until(() => first.last !== undefined);
    const before = store.metrics().pool.acquisition.count;
    const clients = await Promise.all(Array.from({ length: 200 }, () => Client.open(handler, `/log?offset=${next}&live=sse`)));
    await Promise.all(clients.map((client) => client.until(() => client.last !== undefined)));
    await eventually(() => expect(store.metrics().listener.followers).toBe(1));
    // Polling goes on meanwhile.
    expect(store.metrics().pool.acquisition.count - before).toBeLessThan(100);
    await application.appendToStream("cart-1", [added(2)]);
    await Promise.all([first, ...clients].map((client) => client.until(() => client.n.length > 0)));
    for (const client of clients) expect(client.n).toEqual([2]);
    await Promise.all([first, ...clients].map((client) => client.leave()));
  });

  test("that is not read for a while misses nothing, and others do not wait for it", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(0)]);
    await using handler = serve(store);
    const slow = await Client.open(handler, "/log?offset=-1&live=sse");
    await slow.until(() => slow.last?.upToDate === true);
    const quick = await Client.open(handler, "/log?offset=now&live=sse");
    await quick.until(() => quick.last !== undefined);
    // More than is remembered for those who are behind.
    const filler = "x".repeat(2_000);
    const sent: string[] = [];
    for (let batch = 0; batch < 10; batch++) {
      const some = Array.from({ length: 100 }, (_, n) => `${batch * 100 + n} ${filler}`);
      sent.push(...some);
      await application.appendToStream("cart-1", some.map(added));
      await quick.until(() => quick.n.length === sent.length);
    }
    expect(quick.n).toEqual(sent);
    await slow.until(() => slow.n.length > sent.length);
    expect(slow.n).toEqual([0, ...sent]);
    await Promise.all([slow.leave(), quick.leave()]);
  });

  test("brings each event once and in order to readers that leave and come back anywhere", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(0)]);
    await using handler = serve(store, { pageEvents: 3 });
    const total = 120;
    const appending = (async () => {
      for (let n = 1; n < total; n += 3) await application.appendToStream(`cart-${n % 7}`, [added(n), added(n + 1), added(n + 2)]);
    })();
    const readers = Array.from({ length: 4 }, async (): Promise<unknown[]> => {
      const seen: unknown[] = [];
      let offset = "-1";
      while (seen.length < total + 1) {
        const client = await Client.open(handler, `/log?offset=${offset}&live=sse`);
        const wanted = Math.min(total + 1 - seen.length, randomInt(1, 20));
        await client.until(() => client.n.length >= wanted && client.last !== undefined);
        seen.push(...client.n);
        offset = client.last?.streamNextOffset ?? offset;
        await client.leave();
      }
      return seen;
    });
    await appending;
    for (const seen of await Promise.all(readers)) expect(seen).toEqual(Array.from({ length: total + 1 }, (_, n) => n));
  });

  test("ends after its time, and with the handler", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(1)]);
    await using brief = serve(store, { connectionMs: 1 });
    const first = await Client.open(brief, "/log?offset=-1&live=sse");
    await first.rest();
    // It ends where it is up to date, so that the client has an offset to come back with.
    expect([first.n, first.last?.upToDate]).toEqual([[1], true]);

    const handler = serve(store);
    const client = await Client.open(handler, "/log?offset=-1&live=sse");
    await client.until(() => client.last?.upToDate === true);
    await handler.close();
    await client.rest();
    expect((await get(handler, "/log?offset=-1&live=sse")).status).toBe(503);
  });

  test("ends with the store", async ({ openStore, application }) => {
    const store = await openStore();
    await application.appendToStream("cart-1", [added(1)]);
    const handler = serve(store);
    const client = await Client.open(handler, "/log?offset=-1&live=sse");
    await client.until(() => client.last?.upToDate === true);
    await store.close();
    await client.rest();
    expect((await get(handler, "/log")).status).toBe(503);
    await handler.close();
  });

  test("says that it is there while nothing happens", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(1)]);
    await using handler = serve(store, { heartbeatMs: 1 });
    const response = await handler(new Request("https://shop.example/log?offset=now&live=sse"));
    const reader = response.body?.getReader();
    let text = "";
    while (!text.endsWith(":\n\n")) text += new TextDecoder().decode((await reader?.read())?.value);
    expect(text).toMatch(/^retry: 1000\n\nid: \d{16}\nevent: control\n/);
    await reader?.cancel();
  });
});

describe("nodeHandler", () => {
  test("serves a browser's event stream, and lets go of a client that goes away", async ({ store, application }) => {
    await application.appendToStream("cart-1", [added(1)]);
    await using handler = serve(store, { path: "/events", maxReaders: 1 });
    const server = createServer(nodeHandler(handler)).listen(0, "127.0.0.1");
    try {
      await once(server, "listening");
      const address = server.address();
      const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/events`;
      const gone = new AbortController();
      const client = new Client(await fetch(`${url}/log?offset=-1&live=sse`, { signal: gone.signal }));
      await client.until(() => client.last?.upToDate === true);
      await application.appendToStream("cart-1", [added(2)]);
      await client.until(() => client.n.length === 2);
      expect((await fetch(`${url}/log?offset=now&live=sse`)).status).toBe(503);
      gone.abort();
      await eventually(async () => {
        const next = await fetch(`${url}/log?offset=now&live=sse`);
        expect(next.status).toBe(200);
        await next.body?.cancel();
      });
      expect((await fetch(`${url}/log`)).headers.get("stream-up-to-date")).toBe("true");
      expect((await fetch(`${url}/log`, { method: "POST", body: "{}" })).status).toBe(405);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test("answers a failure of the handler with a problem, and one in the middle with a broken answer", async () => {
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("half")),
      pull: (controller) => controller.error(new Error("boom")),
    });
    const answers = [() => Promise.reject(new Error("boom")), () => Promise.resolve(new Response(broken))];
    const server = createServer(nodeHandler(() => answers.shift()?.() ?? Promise.resolve(new Response()))).listen(0, "127.0.0.1");
    try {
      await once(server, "listening");
      const address = server.address();
      const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`;
      const failed = await fetch(url);
      expect([failed.status, await failed.text()]).toEqual([500, expect.not.stringContaining("boom")]);
      await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
