import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { randomUUID } from "node:crypto";
import { isTidemarkError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { OutgoingMessage, Sink } from "../relays/sink.ts";

/**
 * A message as it came out of a broker.
 *
 * @example
 * ```ts
 * const received: ReceivedMessage = { id: "0190", body: Buffer.from("{}"), headers: { "tidemark-position": "1" } };
 * ```
 */
export interface ReceivedMessage {
  readonly id: string;
  readonly body: Uint8Array;
  /** At least those of the message; names in any case. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What `sinkContract` takes.
 *
 * @example
 * ```ts
 * const received: ReceivedMessage[] = [];
 * const sink: Sink = { name: "memory", publish: async (message) => void received.push(message), close: async () => {} };
 * const contract: SinkContract = { test: (name, run) => void laws.push([name, run]), open: async () => sink, received: async () => received };
 * ```
 */
export interface SinkContract {
  /** Your test runner's: `test` of vitest, jest or node:test. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  /** Makes a sink. Each test makes one, and closes it. */
  readonly open: () => Promise<Sink>;
  /** Every message that the broker holds, in its order; or at least those that were published since `open`. */
  readonly received: () => Promise<readonly ReceivedMessage[]>;
  /** Makes a message that the broker will never take. Leave it out where it takes any. */
  readonly unacceptable?: (message: OutgoingMessage) => OutgoingMessage;
  /** Ends the broker without warning, and starts it again with what it has stored. Leave it out where that cannot be done. */
  readonly restart?: { readonly kill: () => Promise<void>; readonly start: () => Promise<void> };
}

/**
 * Registers tests of what a relay expects of a sink: an acknowledgement means that the broker has the message, unchanged; refusals and
 * outages are told apart; a sink works again after its broker was killed, and after `close`. Run it for a sink of your own.
 *
 * @example
 * ```ts
 * const received: ReceivedMessage[] = [];
 * const sink: Sink = { name: "memory", publish: async (message) => void received.push(message), close: async () => {} };
 * sinkContract({ test: (name, run) => void laws.push([name, run]), open: async () => sink, received: async () => received });
 * ```
 */
export function sinkContract(contract: SinkContract): void {
  const { test, unacceptable, restart } = contract;
  test("an acknowledged message is at the broker, with its id, its body and its headers", () => using(contract, acknowledged));
  test("many messages in flight arrive, each once", () => using(contract, many));
  test("messages that wait for each other arrive in their order", () => using(contract, inOrder));
  test("a body of any bytes arrives unchanged", () => using(contract, anyBytes));
  test("a sink that was closed connects again", () => using(contract, reopened));
  if (unacceptable)
    test("a message that the broker will never take is refused, and others are not", () => using(contract, (sink) => refused(sink, contract, unacceptable)));
  if (restart)
    test("a broker that is killed loses nothing that it acknowledged, and is used again", () => using(contract, (sink) => killed(sink, contract, restart)));
}

async function using(contract: SinkContract, law: (sink: Sink, contract: SinkContract) => Promise<void>): Promise<void> {
  const sink = await contract.open();
  try {
    await law(sink, contract);
  } finally {
    await sink.close();
  }
}

const never = new AbortController().signal;

function publish(sink: Sink, message: OutgoingMessage): Promise<void> {
  return sink.publish(message, { signal: never });
}

async function acknowledged(sink: Sink, contract: SinkContract): Promise<void> {
  const message = messageOf("stock-1", 1);
  await publish(sink, message);
  const [found] = await receivedOf(contract, [message]);
  ok(found, "the message was acknowledged, but it is not among those received");
  strictEqual(Buffer.from(found.body).toString(), Buffer.from(message.body).toString());
  const headers = new Map(Object.entries(found.headers).map(([name, value]) => [name.toLowerCase(), value]));
  for (const [name, value] of Object.entries(message.headers)) strictEqual(headers.get(name), value, `the header ${name}`);
}

async function many(sink: Sink, contract: SinkContract): Promise<void> {
  const messages = Array.from({ length: 200 }, (_, n) => messageOf(`stock-${n}`, n + 1));
  await Promise.all(messages.map((message) => publish(sink, message)));
  const found = await receivedOf(contract, messages);
  deepStrictEqual(
    found.map(({ id }) => id).toSorted((a, b) => a.localeCompare(b)),
    messages.map(({ id }) => id).toSorted((a, b) => a.localeCompare(b)),
  );
}

async function inOrder(sink: Sink, contract: SinkContract): Promise<void> {
  const messages = Array.from({ length: 20 }, (_, n) => messageOf("stock-1", n + 1));
  for (const message of messages) await publish(sink, message);
  deepStrictEqual(
    (await receivedOf(contract, messages)).map(({ id }) => id),
    messages.map(({ id }) => id),
  );
}

async function anyBytes(sink: Sink, contract: SinkContract): Promise<void> {
  const body = Uint8Array.from({ length: 1_024 }, (_, n) => n % 256);
  const message = { ...messageOf("stock-1", 1), body, contentType: "application/octet-stream" };
  await publish(sink, message);
  const [found] = await receivedOf(contract, [message]);
  deepStrictEqual(Buffer.from(found?.body ?? []), Buffer.from(body));
}

async function reopened(sink: Sink, contract: SinkContract): Promise<void> {
  const messages = [messageOf("stock-1", 1), messageOf("stock-1", 2)];
  for (const message of messages) {
    await publish(sink, message);
    await sink.close();
  }
  strictEqual((await receivedOf(contract, messages)).length, 2);
}

async function refused(sink: Sink, contract: SinkContract, unacceptable: (message: OutgoingMessage) => OutgoingMessage): Promise<void> {
  const good = [messageOf("stock-1", 1), messageOf("stock-2", 3)];
  const bad = unacceptable(messageOf("stock-3", 2));
  for (const message of good.slice(0, 1)) await publish(sink, message);
  const error = await publish(sink, bad).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  ok(isTidemarkError(error, "MESSAGE_REFUSED"), `publish must reject with MessageRefusedError, not ${String(error)}`);
  for (const message of good.slice(1)) await publish(sink, message);
  deepStrictEqual(
    (await receivedOf(contract, [...good, bad])).map(({ id }) => id),
    good.map(({ id }) => id),
  );
}

async function killed(
  sink: Sink,
  contract: SinkContract,
  { kill, start }: { readonly kill: () => Promise<void>; readonly start: () => Promise<void> },
): Promise<void> {
  const before = Array.from({ length: 50 }, (_, n) => messageOf(`stock-${n}`, n + 1));
  await Promise.all(before.map((message) => publish(sink, message)));
  await kill();
  const during = messageOf("stock-1", 51);
  const error = await sink.publish(during, { signal: AbortSignal.timeout(20_000) }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  ok(error !== undefined, "a broker that is down acknowledged a message");
  ok(!isTidemarkError(error, "MESSAGE_REFUSED"), "an outage is no refusal");
  await start();
  await untilPublished(sink, during);
  strictEqual(new Set((await receivedOf(contract, [...before, during])).map(({ id }) => id)).size, 51);
}

/** As a relay does: again and again. */
async function untilPublished(sink: Sink, message: OutgoingMessage): Promise<void> {
  const until = performance.now() + 60_000;
  for (;;) {
    try {
      return await publish(sink, message);
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function receivedOf({ received }: SinkContract, messages: readonly OutgoingMessage[]): Promise<readonly ReceivedMessage[]> {
  const wanted = new Set(messages.map(({ id }) => id));
  return (await received()).filter(({ id }) => wanted.has(id));
}

function messageOf(streamId: string, position: number): OutgoingMessage {
  const id = randomUUID();
  const event: RecordedEvent = {
    id,
    type: "StockCounted",
    data: { position },
    metadata: {},
    tags: [],
    streamId,
    category: "stock",
    version: 1,
    position,
    recordedAt: new Date(0),
    schemaVersion: 1,
    tenant: "",
  };
  return {
    id,
    key: streamId,
    contentType: "application/json",
    headers: { "tidemark-event-id": id, "tidemark-position": `${position}`, "tidemark-schema-version": "1", "tidemark-fence": "1" },
    body: Buffer.from(JSON.stringify({ position })),
    event,
  };
}
