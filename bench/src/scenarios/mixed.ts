import { randomUUID } from "node:crypto";
import { defineConsumer, type Decider, type Event, type EventStore, handleCommand, type NewEvent, openEventStore } from "tidemark";
import { eventData } from "../payload.ts";
import { type Call, callInLoops, type Sample } from "../sample.ts";
import type { Comparison, Contestant, Scenario } from "../scenario.ts";
import { tally } from "../subjects/tally.ts";

const streams = 10_000;
const pageRows = 1_000;
type Added = Event<"ItemAdded", typeof eventData>;

const event: NewEvent<Added> = { type: "ItemAdded", data: eventData };

const cart: Decider<number, null, Added> = {
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: () => [event],
};

const anyStream = (): string => `cart-${Math.floor(Math.random() * streams)}`;

interface Kind {
  readonly name: string;
  readonly callers: number;
  readonly call: (store: EventStore) => Promise<unknown>;
}

const kinds: readonly Kind[] = [
  { name: "append and its document", callers: 20, call: (store) => store.appendToStream(anyStream(), [event]) },
  { name: "append to a new stream", callers: 10, call: (store) => store.appendToStream(`new-${randomUUID()}`, [event], { expectedVersion: "no-stream" }) },
  { name: "append on a condition", callers: 5, call: appendOnCondition },
  {
    name: "handle a command",
    callers: 5,
    call: (store) => handleCommand(store, cart, `new-${Math.floor(Math.random() * streams)}`, null, { retry: { attempts: 100 } }),
  },
  { name: "read a stream", callers: 5, call: (store) => store.readStream(anyStream()).toArray() },
  { name: "read a document", callers: 5, call: (store) => store.documents("tally_inline").get(anyStream()) },
  { name: `read a page of ${pageRows.toLocaleString("en")}`, callers: 1, call: (store) => store.readAll({ limit: pageRows }).toArray() },
];

function appendOnCondition(store: EventStore): Promise<unknown> {
  const tag = `seat:${randomUUID()}`;
  return store.append([{ ...event, tags: [tag] }], { condition: { query: [{ types: [event.type], tags: [tag] }] } });
}

/** Everything at once, for so many minutes. */
export function mixedLoad(minutes: number): Scenario {
  return {
    number: 61,
    title: "Everything at once",
    about: `${minutes} minutes of callers of every kind, all in one process, while a consumer handles each event. One measurement; each line is one kind of call among the others, by so many callers.`,
    unit: "calls/s",
    async prepare(setting) {
      const store = await openEventStore(await setting.createDatabase(), { projections: [tally("inline")] });
      setting.cleanup.defer(() => store.close());
      let handled = 0;
      const worker = store.createWorker({
        consumers: [defineConsumer({ name: "all", batchSize: 256, handleBatch: (events) => void (handled += events.length) })],
      });
      await worker.start();
      setting.cleanup.defer(() => worker.stop());
      const seconds = setting.quick ? 10 : minutes * 60;
      setting.progress(`for ${seconds} s`);
      const samples = await Promise.all(
        kinds.map(({ callers, call }) =>
          callInLoops(
            callers,
            seconds,
            counted(() => call(store)),
          ),
        ),
      );
      const alone = (name: string, sample: Sample): Comparison => ({ label: name, subject: "Tidemark", contestants: [once("Tidemark", sample)], targets: [] });
      return [
        ...kinds.map(({ name, callers }, index) => alone(`${callers} × ${name}`, samples[index] ?? nothing)),
        alone("events handled by a consumer", { events: handled, seconds, latencies: [] }),
      ];
    },
  };
}

function counted(call: () => Promise<unknown>): Call {
  return async () => {
    await call();
    return 1;
  };
}

const nothing: Sample = { events: 0, seconds: 1, latencies: [] };

/** A contestant that was measured already. Its first measurement would be the warming up; its millions of figures are counted once. */
function once(name: string, sample: Sample): Contestant {
  let calls = 0;
  return { name, measure: async () => (++calls === 2 ? sample : { ...sample, latencies: [] }) };
}
