import { type Broker, type Cuts, startCuts } from "@tidemark/servers";
import type { Sink } from "tidemark";
import type { ReceivedMessage } from "tidemark/testing";
import { append, eventually, expect, inOrder, test } from "../relays/test.ts";

/** A place at a broker that a test publishes to. */
export interface Destination {
  /** A sink that reaches the broker at this port. */
  readonly to: (port: number) => Sink;
  /** How many messages it holds. */
  readonly count: () => Promise<number>;
  /** What it holds, in its order. */
  readonly received: () => Promise<readonly ReceivedMessage[]>;
}

export interface BrokerUnderTest {
  readonly broker: () => Broker;
  /** An empty destination. */
  readonly open: () => Promise<Destination>;
  /** A proxy in front of it, where clients go to the address that the broker names. @defaultValue a new one */
  readonly cuts?: () => Cuts;
  /** Whether the broker stores a message again that is sent again. */
  readonly duplicates: boolean;
  /** The same after a connection was cut, which the client may have an answer to. @defaultValue `duplicates` */
  readonly duplicatesWhenCut?: boolean;
}

const streams = Array.from({ length: 10 }, (_, n) => `cart-${n}`);

export const patiently = { retry: { minDelayMs: 20, maxDelayMs: 200 } };

/** Registers tests of a relay to a real broker, which compare what arrived with the log. */
export function relayToBroker({ broker, open, duplicates }: BrokerUnderTest): void {
  // What was in flight when a connection broke: one message of each stream.
  const mostTwice = duplicates ? 2 * streams.length : 0;

  test("gets every event once, in order for each stream", async ({ store, start }) => {
    const { to, received } = await open();
    await append(store, streams, 20);
    const { worker } = await start({ to: to(broker().port), shards: 2 });
    await worker.caughtUp();
    const found = await received();
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    expect(positionsOf(found).toSorted((a, b) => a - b)).toEqual(all);
    for (const [, positions] of firstArrivals(found)) expect(inOrder(positions)).toBe(true);
  });

  relayThroughOutages({ broker, open, duplicates });

  test("hangs: the relay gives its connection up, and publishes again once it answers", async ({ store, start }) => {
    const { to, received } = await open();
    const sink = to(broker().port);
    let asked = 0;
    const counted: Sink = {
      ...sink,
      async publish(message, call) {
        asked++;
        await sink.publish(message, call);
      },
    };
    const { worker, errors } = await start({ to: counted, ...patiently, ackTimeoutMs: 2_000, batchSize: 50 });
    await append(store, streams, 1);
    await worker.caughtUp();
    // It runs in a group of its own.
    process.kill(-broker().pid, "SIGSTOP");
    try {
      asked = 0;
      await append(store, streams, 1);
      // Four times each. On one connection, all of them would arrive.
      await eventually(() => expect(asked).toBeGreaterThanOrEqual(4 * streams.length));
    } finally {
      process.kill(-broker().pid, "SIGCONT");
    }
    await worker.caughtUp();
    const found = await received();
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    expect([...new Set(positionsOf(found))].toSorted((a, b) => a - b)).toEqual(all);
    expect(found.length - all.length).toBeLessThanOrEqual(mostTwice);
    for (const [, positions] of firstArrivals(found)) expect(inOrder(positions)).toBe(true);
    expect(errors.map(({ code }) => code)).toContain("SINK_UNAVAILABLE");
  });
}

/** Those of them that break the broker, or the way to it. */
export function relayThroughOutages({ broker, cuts: shared, open, duplicates, duplicatesWhenCut = duplicates }: BrokerUnderTest): void {
  test("is killed: nothing is lost, streams stay in order, and what comes twice was in flight", async ({ store, start }) => {
    const { to, count, received } = await open();
    const { worker, errors } = await start({ to: to(broker().port), ...patiently, batchSize: 50 });
    const appended = append(store, streams, 40);
    await eventually(async () => expect(await count()).toBeGreaterThan(20));
    await broker().kill();
    await appended;
    await eventually(async () => expect((await store.relays.get("out")).state).toBe("retrying"));
    await broker().start();
    await worker.caughtUp();
    const found = await received();
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    expect([...new Set(positionsOf(found))].toSorted((a, b) => a - b)).toEqual(all);
    expect(found.length - all.length).toBeLessThanOrEqual(duplicates ? streams.length : 0);
    for (const [, positions] of firstArrivals(found)) expect(inOrder(positions)).toBe(true);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["SINK_UNAVAILABLE"]));
  });

  test("loses a request, or an acknowledgement, with the connection: each message is there, one of each stream twice at most", async ({ store, start }) => {
    const { to, received } = await open();
    await using own = shared ? undefined : await startCuts(broker().port);
    const cuts = shared?.() ?? own;
    if (!cuts) throw new Error("there is no proxy");
    const { worker } = await start({ to: to(cuts.port), ...patiently, batchSize: 50 });
    await append(store, streams, 1);
    await worker.caughtUp();
    for (const lose of ["requests", "answers"] as const) {
      let heard = 0;
      const cut = (): void => {
        if (++heard === 1)
          setImmediate(() => {
            cuts.lose = undefined;
            cuts.cut();
          });
      };
      cuts.lose = lose;
      if (lose === "requests") cuts.onRequest = cut;
      else cuts.onAnswer = cut;
      await append(store, streams, 10);
      await worker.caughtUp();
      cuts.onRequest = undefined;
      cuts.onAnswer = undefined;
      expect(heard).toBeGreaterThanOrEqual(1);
    }
    const found = await received();
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    expect([...new Set(positionsOf(found))].toSorted((a, b) => a - b)).toEqual(all);
    expect(found.length - all.length).toBeLessThanOrEqual(duplicatesWhenCut ? 2 * streams.length : 0);
    for (const [, positions] of firstArrivals(found)) expect(inOrder(positions)).toBe(true);
  });
}

export function positionsOf(messages: readonly ReceivedMessage[]): number[] {
  return messages.map(({ headers }) => Number(headers["tidemark-position"]));
}

/** Of messages that may have come twice: by stream, the positions in the order of their first arrival. */
export function firstArrivals(messages: readonly ReceivedMessage[]): Map<unknown, number[]> {
  const byStream = new Map<unknown, number[]>();
  const seen = new Set<string>();
  for (const { id, body, headers } of messages) {
    if (seen.has(id)) continue;
    seen.add(id);
    const { subject } = JSON.parse(Buffer.from(body).toString());
    byStream.set(subject, [...(byStream.get(subject) ?? []), Number(headers["tidemark-position"])]);
  }
  return byStream;
}
