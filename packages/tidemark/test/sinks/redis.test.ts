import { hasRedis, type Redis, startRedis } from "@tidemark/servers";
import type { OutgoingMessage } from "tidemark";
import { redis } from "tidemark/redis";
import { type ReceivedMessage, sinkContract } from "tidemark/testing";
import { afterAll, beforeAll, test as plain } from "vitest";
import { append, describe, eventually, expect, test } from "../relays/test.ts";
import { type Client, connect } from "./redis.ts";
import { patiently, positionsOf, relayToBroker } from "./relay-to-broker.ts";

if (!hasRedis) console.log("NOT TESTED: Redis is not installed (Debian: apt-get install redis-server).");

let server: Redis;
let observer: Client | undefined;
let streams = 0;

beforeAll(async () => {
  if (hasRedis) server = await startRedis();
});
afterAll(async () => {
  observer?.destroy();
  await server?.[Symbol.asyncDispose]();
});

/** A connection of the test's own, new after each start of the server. */
async function ask(...args: readonly string[]): Promise<unknown> {
  if (!observer?.isReady) observer = await connect(server.url);
  return await observer.sendCommand(args);
}

function newStream(): string {
  return `stream-${++streams}`;
}

async function entries(stream: string): Promise<readonly (ReceivedMessage & { readonly fields: ReadonlyMap<string, Buffer> })[]> {
  if (!observer?.isReady) observer = await connect(server.url);
  return (await observer.entries(stream)).map((fields) => ({
    id: String(fields.get("id")),
    body: fields.get("body") ?? Buffer.alloc(0),
    headers: Object.fromEntries([...fields].flatMap(([name, value]) => (name.startsWith("header:") ? [[name.slice(7), String(value)]] : []))),
    fields,
  }));
}

describe.runIf(hasRedis)("Redis", () => {
  relayToBroker({
    broker: () => server,
    async open() {
      const stream = newStream();
      return {
        to: (port) => redis({ url: `redis://127.0.0.1:${port}`, stream }),
        count: async () => Number(await ask("XLEN", stream)),
        received: () => entries(stream),
      };
    },
    duplicates: true,
  });

  test("gets messages with their fields, in the stream that was chosen for each", async ({ store, start }) => {
    const prefix = newStream();
    await append(store, ["cart-1", "order-1"]);
    const { worker } = await start({ to: redis({ url: server.url, stream: ({ category }) => `${prefix}:${category}` }) });
    await worker.caughtUp();
    const [entry, ...more] = await entries(`${prefix}:cart`);
    expect(more).toEqual([]);
    const [event] = await store.readStream("cart-1").toArray();
    expect(entry?.id).toBe(event?.id);
    expect([...(entry?.fields.keys() ?? [])]).toEqual([
      "id",
      "type",
      "contentType",
      "header:tidemark-event-id",
      "header:tidemark-position",
      "header:tidemark-schema-version",
      "header:tidemark-fence",
      "body",
    ]);
    expect(String(entry?.fields.get("type"))).toBe("ItemAdded");
    expect(String(entry?.fields.get("contentType"))).toBe("application/cloudevents+json; charset=utf-8");
    expect(await entries(`${prefix}:order`)).toHaveLength(1);
  });

  test("keeps about as many entries as `maxLength` says", async ({ store, start }) => {
    const stream = newStream();
    await append(store, ["cart-1"], 30);
    await ask("CONFIG", "SET", "stream-node-max-entries", "10");
    const { worker } = await start({ to: redis({ url: server.url, stream, maxLength: 10 }) });
    await worker.caughtUp();
    await ask("CONFIG", "SET", "stream-node-max-entries", "100");
    const found = positionsOf(await entries(stream));
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    expect(found).toEqual(all.slice(-found.length));
    expect(found.length).toBeGreaterThanOrEqual(10);
    expect(found.length).toBeLessThan(30);
  });

  test("refuses a key that holds no stream, a stream that is not there, and what is too large; others go on", async ({ store, start }) => {
    const stream = newStream();
    await ask("SET", `${stream}:order`, "1");
    await ask("XADD", `${stream}:cart`, "*", "a", "b");
    await ask("XADD", `${stream}:blob`, "*", "a", "b");
    await ask("CONFIG", "SET", "proto-max-bulk-len", "1048576");
    await append(store, ["blob-1", "cart-1", "cart-2", "order-1", "stock-1"], 2);
    const { worker } = await start({
      to: redis({ url: server.url, stream: ({ category }) => `${stream}:${category}`, createStreams: false }),
      map: ({ category }) => ({ body: new Uint8Array(category === "blob" ? 1_048_577 : 1) }),
      ...patiently,
    });
    await worker.caughtUp();
    const letters = await store.deadLetters.list({ kind: "relay" });
    expect(letters.map(({ event, state, error }) => [event.streamId, state, error?.message.replace(/^.*?: /, "")])).toEqual([
      ["blob-1", "failed", "it has 1048577 bytes, and the server takes 1048576 (proto-max-bulk-len)."],
      ["order-1", "failed", `the key "${stream}:order" holds no stream.`],
      ["stock-1", "failed", `there is no stream "${stream}:stock".`],
      ["blob-1", "parked", undefined],
      ["order-1", "parked", undefined],
      ["stock-1", "parked", undefined],
    ]);
    expect(await entries(`${stream}:cart`)).toHaveLength(5);
  });

  const outages: readonly (readonly [string, string[][], string[][], string])[] = [
    ["its memory is full", [["CONFIG", "SET", "maxmemory", "1"]], [["CONFIG", "SET", "maxmemory", "0"]], "OOM command not allowed"],
    ["it is a replica", [["REPLICAOF", "127.0.0.1", "1"]], [["REPLICAOF", "NO", "ONE"]], "READONLY"],
    ["it has too few replicas", [["CONFIG", "SET", "min-replicas-to-write", "1"]], [["CONFIG", "SET", "min-replicas-to-write", "0"]], "NOREPLICAS"],
  ];
  for (const [what, begin, end, message] of outages)
    test(`holds the relay while ${what}`, async ({ store, start }) => {
      const stream = newStream();
      for (const command of begin) await ask(...command);
      await append(store, ["cart-1"], 6);
      const { worker } = await start({ to: redis({ url: server.url, stream }), ...patiently });
      await eventually(async () => expect((await store.relays.get("out")).shards[0]?.lastError?.message).toContain(message));
      for (const command of end) await ask(...command);
      await worker.caughtUp();
      expect(positionsOf(await entries(stream))).toEqual((await store.readAll().toArray()).map(({ position }) => position));
      expect(await store.deadLetters.list()).toEqual([]);
    });

  test("is written to as a user, who may not write every key; no error tells the password", async ({ store, start }) => {
    const stream = newStream();
    await ask("ACL", "SETUSER", "writer", "on", ">s3cret/word", `~${stream}:cart`, "+xadd");
    await append(store, ["cart-1", "order-1"]);
    const to = redis({ url: server.url, username: "writer", password: "s3cret/word", stream: ({ category }) => `${stream}:${category}` });
    const { worker } = await start({ to, ...patiently });
    await worker.caughtUp();
    expect(await entries(`${stream}:cart`)).toHaveLength(1);
    const letters = await store.deadLetters.list({ kind: "relay" });
    expect(letters.map(({ error }) => error?.message.replace(/^.*?: /, ""))).toEqual([`the user may not write the key "${stream}:order".`]);
    await worker.stop();

    const wrong = redis({ url: `redis://writer:wr0ng%2Fword@127.0.0.1:${server.port}`, stream });
    const other = await start({ name: "other", to: wrong, ...patiently });
    await eventually(() => expect(other.errors).not.toEqual([]));
    const told = other.errors.map((error) => `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).join();
    expect(told).toContain("WRONGPASS");
    expect(told).not.toMatch(/wr0ng|s3cret/);
  });
});

describe.runIf(hasRedis)("a Redis sink keeps the contract of sinks", () => {
  let stream: string;
  const unacceptable = new WeakSet<object>();
  sinkContract({
    test: plain,
    async open() {
      stream = newStream();
      await ask("SET", "no-stream", "1");
      return redis({ url: server.url, stream: (event) => (unacceptable.has(event) ? "no-stream" : stream) });
    },
    received: () => entries(stream),
    unacceptable(message: OutgoingMessage) {
      unacceptable.add(message.event);
      return message;
    },
    restart: { kill: () => server.kill(), start: () => server.start() },
  });
});

describe("redis", () => {
  const url = "redis://user:s3cret@127.0.0.1";
  const mistakes: readonly (readonly [string, object, string])[] = [
    ["no address", { stream: "a" }, "options.url is missing"],
    ["no stream", { url }, "options.stream is missing"],
    ["an address of another kind", { url: "http://user:s3cret@x", stream: "a" }, "options.url must begin with redis:// or rediss://"],
    ["an address that is none", { url: "redis://user:s3cret%@x", stream: "a" }, "options.url is no address; a password in it must be percent-encoded"],
    ["TLS without it in the address", { url, stream: "a", tls: {} }, "options.tls needs a url that begins with rediss://"],
    ["an option that it does not know", { url, stream: "a", maxlength: 1 }, 'did you mean "maxLength"?'],
  ];
  for (const [what, options, message] of mistakes)
    plain(`refuses ${what}, and tells no password`, () => {
      const call = (): unknown => Reflect.apply(redis, undefined, [options]);
      expect(call).toThrow(message);
      expect(call).not.toThrow("s3cret");
    });
});
