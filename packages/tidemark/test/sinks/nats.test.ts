import { hasNats, type Nats, startNats } from "@tidemark/servers";
import type { OutgoingMessage, RecordedEvent } from "tidemark";
import { nats } from "tidemark/nats";
import { sinkContract } from "tidemark/testing";
import { afterAll, beforeAll, test as plain } from "vitest";
import { append, describe, eventually, expect, test } from "../relays/test.ts";
import { type Client, connect } from "./jetstream.ts";
import { patiently, positionsOf, relayToBroker } from "./relay-to-broker.ts";

if (!hasNats) console.log("NOT TESTED: NATS is not installed (Debian: apt-get install nats-server).");

let server: Nats;
let observer: Client | undefined;
let streams = 0;

const users = [
  '{ user: owner, password: "s3cret/word" }',
  '{ user: writer, password: "other", permissions: { publish: ["*.cart.>", "_INBOX.>", "$JS.API.>"] } }',
];

beforeAll(async () => {
  if (hasNats) server = await startNats({ settings: [`authorization { users: [${users.join(", ")}] }`] });
});
afterAll(async () => {
  await observer?.close().catch(() => {});
  await server?.[Symbol.asyncDispose]();
});

/** A connection of the test's own, new after each start of the server. */
async function observe(): Promise<Client> {
  if (!observer?.usable) observer = await connect(server.url, { user: "owner", pass: "s3cret/word" });
  return observer;
}

/** A stream with every subject below its name. */
async function newStream(config: object = {}): Promise<string> {
  const name = `stream-${++streams}`;
  await (await observe()).streams.add({ name, subjects: [`${name}.>`], ...config });
  return name;
}

function below(stream: string): (event: RecordedEvent) => string {
  return ({ category, type }) => `${stream}.${category}.${type}`;
}

function urlOf(port: number): string {
  return `nats://owner:s3cret%2Fword@127.0.0.1:${port}`;
}

async function stored(stream: string): ReturnType<Client["stored"]> {
  return await (await observe()).stored(stream);
}

describe.runIf(hasNats)("NATS", () => {
  relayToBroker({
    broker: () => server,
    async open() {
      const stream = await newStream();
      return {
        to: (port) => nats({ url: urlOf(port), subject: below(stream) }),
        count: async () => (await (await observe()).streams.info(stream)).state.messages,
        received: () => stored(stream),
      };
    },
    // It knows ids that it has stored within two minutes.
    duplicates: false,
  });

  test("gets messages with their ids and headers, under their subjects", async ({ store, start }) => {
    const stream = await newStream();
    await append(store, ["cart-1"]);
    const { worker } = await start({ to: nats({ url: urlOf(server.port), subject: below(stream), stream }) });
    await worker.caughtUp();
    const [event] = await store.readStream("cart-1").toArray();
    const [message, ...more] = await stored(stream);
    expect(more).toEqual([]);
    expect(message).toMatchObject({ id: event?.id, subject: `${stream}.cart.ItemAdded` });
    expect(message?.headers).toMatchObject({
      "Content-Type": "application/cloudevents+json; charset=utf-8",
      "tidemark-event-id": event?.id,
      "tidemark-position": `${event?.position}`,
      "tidemark-fence": "1",
    });
  });

  test("gets messages of the outbox under their topics", async ({ store, start }) => {
    const stream = await newStream();
    await store.transaction((tx) => tx.publish({ topic: `${stream}.mail`, key: "customer-7", payload: { template: "thanks" } }));
    const { worker } = await start({ source: "outbox", to: nats({ url: urlOf(server.port) }) });
    await worker.caughtUp();
    expect((await stored(stream)).map(({ subject, body }) => [subject, Buffer.from(body).toString()])).toEqual([[`${stream}.mail`, '{"template":"thanks"}']]);
  });

  test("stores again what is replayed, though it knows it", async ({ store, start }) => {
    const stream = await newStream();
    await append(store, ["cart-1"], 2);
    const { worker } = await start({ to: nats({ url: urlOf(server.port), subject: below(stream) }) });
    await worker.caughtUp();
    expect((await store.relays.replay("out")).published).toBe(2);
    expect((await stored(stream)).map(({ headers }) => headers["tidemark-replay"])).toEqual([undefined, undefined, "true", "true"]);
  });

  test("refuses what no stream takes, what belongs to another, and what is too large; others go on", async ({ store, start }) => {
    const stream = await newStream({ max_msg_size: 1_000 });
    const other = await newStream();
    const subjects = new Map([
      ["order", "nowhere.order"],
      ["stock", `${other}.stock`],
      ["gap", `${stream}..gap`],
    ]);
    await append(store, ["blob-1", "cart-1", "cart-2", "gap-1", "giant-1", "order-1", "stock-1"]);
    const sizes = new Map([
      ["blob", 2_000],
      ["giant", 1_048_577],
    ]);
    const { worker } = await start({
      to: nats({ url: urlOf(server.port), stream, subject: ({ category }) => subjects.get(category) ?? `${stream}.${category}` }),
      map: ({ category }) => ({ body: new Uint8Array(sizes.get(category) ?? 1) }),
      circuitBreaker: false,
      ...patiently,
    });
    await worker.caughtUp();
    const letters = await store.deadLetters.list({ kind: "relay" });
    expect(letters.map(({ event, state, error }) => [event.streamId, state, error?.message.replace(/^.*?: /, "")])).toEqual([
      ["blob-1", "failed", "message size exceeds maximum allowed (10054)."],
      ["gap-1", "failed", `its subject "${stream}..gap" has an empty part, a space, or a wildcard.`],
      ["giant-1", "failed", "with its headers it is larger than the 1048576 bytes that the server takes; its body has 1048577."],
      ["order-1", "failed", 'no stream takes the subject "nowhere.order".'],
      ["stock-1", "failed", "expected stream does not match (10060)."],
    ]);
    expect(await stored(stream)).toHaveLength(2);
  });

  test("holds the relay while a stream is full that discards new messages", async ({ store, start }) => {
    const stream = await newStream({ max_msgs: 3, discard: "new" });
    await append(store, ["cart-1"], 6);
    const { worker } = await start({ to: nats({ url: urlOf(server.port), subject: below(stream) }), ...patiently });
    await eventually(async () => expect((await store.relays.get("out")).shards[0]?.lastError?.message).toContain("maximum messages exceeded"));
    const client = await observe();
    const first = await stored(stream);
    await client.streams.update(stream, { max_msgs: 100 });
    await worker.caughtUp();
    expect(first).toHaveLength(3);
    expect(positionsOf(await stored(stream))).toEqual((await store.readAll().toArray()).map(({ position }) => position));
    expect(await store.deadLetters.list()).toEqual([]);
  });

  test("is published to as a user, who may not use every subject; no error tells the password", async ({ store, start }) => {
    const stream = await newStream();
    await append(store, ["cart-1", "order-1"]);
    const { worker } = await start({ to: nats({ url: server.url, user: "writer", password: "other", subject: below(stream) }), ...patiently });
    await worker.caughtUp();
    expect(await stored(stream)).toHaveLength(1);
    const letters = await store.deadLetters.list({ kind: "relay" });
    expect(letters.map(({ error }) => error?.message.replace(/^.*?: /, ""))).toEqual([`the user may not publish to "${stream}.order.ItemAdded".`]);

    const wrong = await start({ name: "other", to: nats({ url: `nats://owner:wr0ng@127.0.0.1:${server.port}` }), ...patiently });
    await eventually(() => expect(wrong.errors).not.toEqual([]));
    const told = wrong.errors.map((error) => `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).join();
    expect(told).toContain("Authorization Violation");
    expect(told).not.toMatch(/wr0ng|s3cret/);
  });
});

describe.runIf(hasNats)("a NATS sink keeps the contract of sinks", () => {
  let stream: string;
  const unacceptable = new WeakSet<object>();
  sinkContract({
    test: plain,
    async open() {
      stream = await newStream();
      return nats({ url: urlOf(server.port), subject: (event) => (unacceptable.has(event) ? "nowhere" : `${stream}.${event.streamId}`) });
    },
    received: () => stored(stream),
    unacceptable(message: OutgoingMessage) {
      unacceptable.add(message.event);
      return message;
    },
    restart: { kill: () => server.kill(), start: () => server.start() },
  });
});

describe("nats", () => {
  const mistakes: readonly (readonly [string, object, string])[] = [
    ["no address", {}, "options.url is missing"],
    ["an address of another kind", { url: "http://user:s3cret@x" }, "options.url must begin with nats:// or tls://"],
    ["an address that is none", { url: ["nats://x", "nats://user:s3cret%@x"] }, "options.url[1] is no address"],
    ["an empty list of addresses", { url: [] }, "options.url is empty; name a server"],
    ["an option that it does not know", { url: "nats://x", subjects: "a" }, 'did you mean "subject"?'],
  ];
  for (const [what, options, message] of mistakes)
    plain(`refuses ${what}, and tells no password`, () => {
      const call = (): unknown => Reflect.apply(nats, undefined, [options]);
      expect(call).toThrow(message);
      expect(call).not.toThrow("s3cret");
    });
});
