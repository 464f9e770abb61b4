import { defineRelay, type EventStore, openEventStore, type OutgoingMessage, type Sink } from "tidemark";
import { eventData, eventType } from "../payload.ts";
import type { Sample } from "../sample.ts";
import type { Comparison, Scenario, Setting } from "../scenario.ts";
import { type BrokerSubject, type MissingBroker, startBrokers } from "../subjects/brokers.ts";

const streams = 1_000;
/** As many messages as a relay has in flight by default. */
const inFlight = 500;

let relays = 0;

interface Brokers {
  readonly started: readonly BrokerSubject[];
  readonly notMeasured: readonly Comparison[];
}

async function startedBrokers(setting: Setting): Promise<Brokers> {
  setting.progress("starting brokers");
  const { started, missing } = await startBrokers();
  for (const broker of new Set(started.map((subject) => subject.broker))) setting.cleanup.defer(() => broker[Symbol.asyncDispose]());
  const notMeasured = missing.map(({ name, why }: MissingBroker): Comparison => ({
    label: name,
    subject: "relay",
    contestants: [],
    targets: [],
    notMeasured: why,
  }));
  return { started, notMeasured };
}

async function openStore(setting: Setting): Promise<EventStore> {
  const store: EventStore = await openEventStore(await setting.createDatabase());
  setting.cleanup.defer(() => store.close());
  return store;
}

async function fill(store: EventStore, events: number): Promise<void> {
  for (let n = 0; n < events / streams; n++)
    await store.appendToStreams(Array.from({ length: streams }, (_, id) => ({ streamId: `cart-${id}`, events: [{ type: eventType, data: eventData }] })));
}

/** Publishes the whole log. */
async function relayAll(store: EventStore, to: Sink, events: number): Promise<Sample> {
  const worker = store.createWorker({ relays: [defineRelay({ name: `out-${++relays}`, to })] });
  const start = performance.now();
  await worker.start();
  try {
    await worker.caughtUp();
    return { events, seconds: (performance.now() - start) / 1_000, latencies: [] };
  } finally {
    await worker.stop();
  }
}

/** Publishes messages that are in memory, as many at once as the relay does. */
async function publishAll(messages: readonly OutgoingMessage[], publish: (message: OutgoingMessage) => Promise<unknown>): Promise<Sample> {
  const left = messages.values();
  const start = performance.now();
  async function loop(): Promise<void> {
    for (const message of left) await publish(message);
  }
  await Promise.all(Array.from({ length: inFlight }, loop));
  return { events: messages.length, seconds: (performance.now() - start) / 1_000, latencies: [] };
}

export const relayToBrokers: Scenario = {
  number: 63,
  title: "Publish the log to a broker",
  about:
    "A relay publishes events of 1,000 streams, in order for each, from the log to a broker on the same machine; every message is acknowledged, and the checkpoints are moved. Beside it the broker's client alone publishes the same messages from memory, 500 at once and in no order.",
  unit: "messages/s",
  async prepare(setting) {
    const events = setting.quick ? 4_000 : 20_000;
    const store = await openStore(setting);
    await fill(store, events);
    const messages: OutgoingMessage[] = [];
    await relayAll(store, { name: "memory", publish: async (message) => void messages.push(message), close: async () => {} }, events);
    const { started, notMeasured } = await startedBrokers(setting);
    const measured = started.map(({ name, open }): Comparison => ({
      label: name,
      subject: "relay",
      contestants: [
        {
          name: "relay",
          async measure() {
            await using destination = await open();
            return await relayAll(store, destination.sink, events);
          },
        },
        {
          name: "client alone",
          async measure() {
            await using destination = await open();
            return await publishAll(messages, destination.publish);
          },
        },
      ],
      targets: [{ against: "client alone", atLeast: 0.7, orRate: 10_000 }],
    }));
    return [...measured, ...notMeasured];
  },
};

const pauseMs = 20;

/** Appends event after event, and takes the time from the call of each append to the acknowledgement of its message. */
async function appendAndWait(store: EventStore, acknowledged: Map<string, () => void>, seconds: number): Promise<Sample> {
  const latencies: number[] = [];
  const start = performance.now();
  while (performance.now() - start < seconds * 1_000) {
    const id = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<void>();
    acknowledged.set(id, resolve);
    const before = performance.now();
    await store.appendToStream("cart-1", [{ id, type: eventType, data: eventData }]);
    await promise;
    latencies.push(performance.now() - before);
    acknowledged.delete(id);
    await new Promise((wake) => setTimeout(wake, pauseMs));
  }
  return { events: latencies.length, seconds: (performance.now() - start) / 1_000, latencies };
}

export const relayWhenIdle: Scenario = {
  number: 64,
  title: "From an append to the broker",
  about: `One event at a time is appended, ${pauseMs} ms after the message of the one before was acknowledged. The time is from the call of the append to the broker's acknowledgement.`,
  unit: "messages/s",
  async prepare(setting) {
    const { started, notMeasured } = await startedBrokers(setting);
    const comparisons: Comparison[] = [];
    for (const { name, open } of started) {
      const store = await openStore(setting);
      const destination = await open();
      setting.cleanup.defer(() => destination[Symbol.asyncDispose]());
      const acknowledged = new Map<string, () => void>();
      const to: Sink = {
        ...destination.sink,
        async publish(message, call) {
          await destination.sink.publish(message, call);
          acknowledged.get(message.id)?.();
        },
      };
      const worker = store.createWorker({ relays: [defineRelay({ name: "out", to })] });
      await worker.start();
      setting.cleanup.defer(() => worker.stop());
      comparisons.push({
        label: name,
        subject: "relay",
        contestants: [{ name: "relay", measure: (seconds) => appendAndWait(store, acknowledged, seconds) }],
        targets: [{ of: "relay", p99AtMostMs: 25 }],
      });
    }
    return [...comparisons, ...notMeasured];
  },
};
