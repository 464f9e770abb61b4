import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { EventStore, RecordedEvent } from "tidemark";
import { nodeHandler, serveLog, type ServeLogOptions } from "tidemark/http";
import { vi } from "vitest";
import { describe, eventually, expect, test } from "../support/test.ts";

/** `n` in order, by category, with a filler. */
const numbered = (n: number, filler = ""): { type: string; data: { n: number; filler: string } } => ({ type: "ItemAdded", data: { n, filler } });

interface Control {
  readonly streamNextOffset: string;
  readonly upToDate?: boolean;
}

/** A client of an event stream over a socket, which can stop to read. */
class SocketClient {
  readonly n: number[] = [];
  readonly status: number;
  last: Control | undefined;
  ended = false;
  comments = 0;
  readonly #answer: IncomingMessage;
  #text = "";

  private constructor(answer: IncomingMessage) {
    this.#answer = answer;
    this.status = answer.statusCode ?? 0;
    const end = (): void => {
      this.ended = true;
    };
    answer.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    answer.on("error", end).on("close", end);
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<SocketClient> {
    const request = get(url, { headers, agent: false });
    const [answer]: IncomingMessage[] = await once(request, "response");
    if (!answer) throw new Error("There is no answer.");
    return new SocketClient(answer);
  }

  pause(): void {
    this.#answer.pause();
  }

  resume(): void {
    this.#answer.resume();
  }

  leave(): void {
    this.#answer.destroy();
  }

  async until(done: () => boolean): Promise<void> {
    await eventually(() => expect(done()).toBe(true));
  }

  #read(text: string): void {
    this.#text += text;
    const blocks = this.#text.split("\n\n");
    this.#text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, , event, data = ""] = /^id: (\d{16})\nevent: (\w+)\ndata:(.*)$/.exec(block) ?? [];
      if (block === ":") this.comments++;
      if (event === "control") this.last = JSON.parse(data);
      if (event !== "data") continue;
      const events: readonly { readonly data: { readonly n: number } }[] = JSON.parse(data);
      this.n.push(...events.map((each) => each.data.n));
    }
  }
}

interface Serving extends AsyncDisposable {
  readonly url: string;
  /** The answers that are open. */
  readonly answers: ReadonlySet<ServerResponse>;
}

/** The log over a socket. @param adapt - What stands between the handler and the server. */
async function serve(
  store: EventStore,
  options: Partial<ServeLogOptions> = {},
  adapt: (handler: (request: Request) => Promise<Response>) => (request: Request) => Promise<Response> = (handler) => handler,
): Promise<Serving> {
  const handler = serveLog(store, { authorize: () => ({}), onError: () => {}, ...options });
  const listener = nodeHandler(adapt(handler));
  const answers = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    answers.add(response);
    response.once("close", () => answers.delete(response));
    listener(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    answers,
    async [Symbol.asyncDispose]() {
      await handler.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

const upTo = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);

describe("live readers on sockets", () => {
  test("each get every event that is theirs once and in order, whether they begin anywhere, stop, or leave and come back", async ({ store }) => {
    const total = 400;
    const categories = ["cart", "order"];
    // What a reader may see says its header, as a session would.
    await using serving = await serve(store, {
      pageEvents: 5,
      pageBytes: 4_000,
      authorize: ({ headers }) => ({ filter: { categories: [headers.get("x-category") ?? ""] } }),
    });
    const offsets: string[] = ["-1"];
    for (let n = 0; n < 40; n++) await store.appendToStream(`${categories[n % 2]}-1`, [numbered(n)]);
    for (const { position } of await store.readAll().toArray()) offsets.push(`${position}`.padStart(16, "0"));
    const follow = async (reader: number): Promise<void> => {
      const category = reader % 2;
      const headers = { "x-category": categories[category] ?? "" };
      const start = randomInt(offsets.length);
      const expected = upTo(0, total).filter((n) => n >= start && n % 2 === category);
      const seen: number[] = [];
      let offset = offsets[start];
      while (seen.length < expected.length) {
        const client = await SocketClient.open(
          `${serving.url}/log?offset=${seen.length === 0 ? offset : "-1"}&live=sse`,
          seen.length === 0 ? headers : { ...headers, "last-event-id": offset ?? "" },
        );
        const wanted = Math.min(expected.length - seen.length, randomInt(1, 60));
        const stop = randomInt(3);
        if (stop > 0) client.pause();
        if (stop > 1) await eventually(() => expect(appended).toBe(total));
        client.resume();
        await client.until(() => client.n.length >= wanted && client.last !== undefined);
        client.leave();
        seen.push(...client.n);
        offset = client.last?.streamNextOffset ?? offset;
      }
      expect([reader, seen]).toEqual([reader, expected]);
    };
    let appended = 40;
    const appending = (async () => {
      for (; appended < total; appended++) await store.appendToStream(`${categories[appended % 2]}-1`, [numbered(appended, "x".repeat(randomInt(2_000)))]);
    })();
    await Promise.all([appending, ...upTo(0, 24).map(follow)]);
  });

  test("that do not read hold little memory and nobody up, and go on where they were", async ({ store }) => {
    await using serving = await serve(store);
    const [slow, quick] = await Promise.all([
      SocketClient.open(`${serving.url}/log?offset=now&live=sse`),
      SocketClient.open(`${serving.url}/log?offset=now&live=sse`),
    ]);
    await eventually(() => expect([slow.last, quick.last]).not.toContain(undefined));
    slow.pause();
    // More than sockets and the memory of the live log hold.
    const filler = "x".repeat(100_000);
    const most: number[] = [];
    for (let n = 0; n < 300; n += 10) {
      await store.appendToStream(
        "cart-1",
        upTo(n, n + 10).map((each) => numbered(each, filler)),
      );
      await quick.until(() => quick.n.length === n + 10);
      most.push(...[...serving.answers].map(({ writableLength }) => writableLength));
    }
    expect(slow.n.length).toBeLessThan(300);
    // A page at a time.
    expect(Math.max(...most)).toBeLessThan(3_000_000);
    slow.resume();
    await slow.until(() => slow.n.length >= 300);
    expect([slow.n, quick.n]).toEqual([upTo(0, 300), upTo(0, 300)]);
    slow.leave();
    quick.leave();
  });

  test("that never read again are cut off once their time is over", async ({ store }) => {
    await using serving = await serve(store, { maxReaders: 1, connectionMs: 3_000, pageBytes: 1_000_000 });
    const filler = "x".repeat(1_000_000);
    const total = 30;
    for (let n = 0; n < total; n++) await store.appendToStream("cart-1", [numbered(n, filler)]);
    const stuck = await SocketClient.open(`${serving.url}/log?offset=-1&live=sse`);
    stuck.pause();
    // Buffers on the way are full, or its time is over already.
    await eventually(() => expect([...serving.answers].every(({ writableNeedDrain }) => writableNeedDrain)).toBe(true));
    await eventually(async () => {
      const next = await SocketClient.open(`${serving.url}/log?offset=now&live=sse`);
      next.leave();
      expect(next.status).toBe(200);
    });
    await eventually(() => expect(serving.answers.size).toBe(0));
    stuck.resume();
    await stuck.until(() => stuck.ended);
    expect(stuck.n.length).toBeLessThan(total);
  });

  test("share one write of each event, one timer, and no stream's promises", async ({ store }) => {
    await using serving = await serve(store, { heartbeatMs: 400 });
    const intervals = vi.spyOn(globalThis, "setInterval");
    const chunks = new Set<unknown>();
    const [reads, makes] = [vi.spyOn(ReadableStreamDefaultReader.prototype, "read"), vi.spyOn(TextEncoder.prototype, "encode")];
    try {
      const clients = await Promise.all(upTo(0, 50).map(() => SocketClient.open(`${serving.url}/log?offset=now&live=sse`)));
      await Promise.all(clients.map((client) => client.until(() => client.last !== undefined)));
      for (const answer of serving.answers) {
        const write = answer.write.bind(answer);
        // As a middleware that compresses would.
        answer.write = (chunk: unknown): boolean => {
          if (String(chunk).includes('"n":1')) chunks.add(chunk);
          return write(chunk);
        };
      }
      await store.appendToStream("cart-1", [numbered(1)]);
      await Promise.all(clients.map((client) => client.until(() => client.n.length > 0)));
      expect(clients.map(({ n }) => n)).toEqual(clients.map(() => [1]));
      expect(chunks.size).toBe(1);
      // Of these alone: an embedded database encodes its messages too, the more the longer this takes.
      expect(makes.mock.calls.filter(([text]) => text?.startsWith("id: ") && text.includes('"n":1'))).toHaveLength(1);
      expect(reads).not.toHaveBeenCalled();
      await Promise.all(clients.map((client) => client.until(() => client.comments > 0)));
      expect(intervals.mock.calls.filter(([, ms]) => ms === 100)).toHaveLength(1);
      for (const client of clients) client.leave();
    } finally {
      vi.restoreAllMocks();
    }
  });

  test.for([
    ["with headers of its own", (response: Response) => new Response(response.body, { headers: { ...Object.fromEntries(response.headers), "x-own": "yes" } })],
    [
      "through a stream of its own",
      (response: Response) =>
        new Response(response.body?.pipeThrough(new TransformStream()), { headers: { ...Object.fromEntries(response.headers), "x-own": "yes" } }),
    ],
  ] as const)("are served where the application passes the answer on %s", async ([, adapted], { store }) => {
    await using serving = await serve(store, { maxReaders: 1 }, (handler) => async (request) => adapted(await handler(request)));
    const client = await SocketClient.open(`${serving.url}/log?offset=now&live=sse`);
    await client.until(() => client.last !== undefined);
    await store.appendToStream("cart-1", [numbered(1)]);
    await client.until(() => client.n.length > 0);
    client.leave();
    await eventually(async () => {
      const next = await SocketClient.open(`${serving.url}/log?offset=now&live=sse`);
      next.leave();
      expect(next.status).toBe(200);
    });
  });

  const failing: readonly (readonly [string, () => unknown])[] = [
    [
      "throws",
      () => {
        throw new Error("no log for errors");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no log for errors"))],
  ];
  test.for(failing)("end alone where an event cannot be shown and onError %s", async ([, onError], { store }) => {
    for (const n of upTo(0, 3)) await store.appendToStream("cart-1", [numbered(n)]);
    const written = vi.spyOn(console, "error").mockImplementation(() => {});
    try {
      const map = ({ data }: RecordedEvent): unknown => {
        if (Object(data).n === 1) throw new Error("not this one");
        return { data };
      };
      await using serving = await serve(store, { pageEvents: 1, map, onError });
      const answer = await fetch(`${serving.url}/log?offset=0000000000000001`);
      expect(answer.status).toBe(500);
      const client = await SocketClient.open(`${serving.url}/log?offset=-1&live=sse`);
      await client.until(() => client.ended);
      expect(client.n).toEqual([0]);
      await eventually(() => expect(written.mock.calls).toEqual([1, 2].map(() => ["tidemark/http: onError threw:", new Error("no log for errors")])));
      const other = await SocketClient.open(`${serving.url}/log?offset=now&live=sse`);
      await other.until(() => other.last !== undefined);
      await store.appendToStream("cart-1", [numbered(3)]);
      await other.until(() => other.n.length > 0);
      other.leave();
    } finally {
      written.mockRestore();
    }
  });

  test("that come together share the search for the end", async ({ store }) => {
    await store.appendToStream("cart-1", [numbered(0)]);
    await using handler = serveLog(store, { authorize: () => ({}) });
    const open = (): Promise<Response> => handler(new Request("https://shop.example/log?offset=now&live=sse"));
    const first = await open();
    const before = store.metrics().pool.acquisition.count;
    const answers = await Promise.all(upTo(0, 300).map(open));
    // Polling goes on meanwhile.
    expect(store.metrics().pool.acquisition.count - before).toBeLessThan(100);
    for (const { body } of [first, ...answers]) await body?.cancel();
  });
});
