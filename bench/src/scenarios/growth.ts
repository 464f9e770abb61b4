import { randomUUID } from "node:crypto";
import { defineConsumer } from "tidemark";
import { eventData, eventType } from "../payload.ts";
import { callInLoops, type Call } from "../sample.ts";
import type { Comparison, Contestant, Scenario } from "../scenario.ts";
import { openServerCpu, type ServerCpu } from "../server-cpu.ts";
import { processorShare } from "../processor-share.ts";
import { eventsOfOne, grow, type Grown, refuseWithoutSpace } from "../subjects/grown.ts";

const pageRows = 1_000;

interface Measured extends Grown {
  readonly cpu: ServerCpu | undefined;
}

/** Costs in stores of 10,000 events and of more, up to `most`. */
export function growth(most: number): Scenario {
  const sizes = [10_000, 1_000_000, 10_000_000, 100_000_000].filter((size) => size <= most);
  if (!sizes.includes(most)) sizes.push(most);
  return {
    number: 60,
    title: "Costs as the log grows",
    about: `The same calls in stores of different sizes, ${eventsOfOne} events a stream, each with a tag. The server's memory is its default, so that what does not fit is read from the system's cache or the disk.`,
    unit: "calls/s",
    async prepare(setting) {
      await refuseWithoutSpace(sizes.reduce((sum, size) => sum + size, 0));
      const grown: Measured[] = [];
      for (const size of sizes) {
        const one = await grow(setting, size);
        grown.push({ ...one, cpu: await openServerCpu(one.url) });
      }
      const [smallest] = grown;
      if (!smallest) return [];
      const compare = (label: string, contestant: (store: Measured) => Contestant): Comparison => ({
        label,
        subject: smallest.name,
        contestants: grown.map(contestant),
        targets: [{ spreadAtMost: 1.3 }],
      });
      const calls = (label: string, callers: number, call: (store: Grown) => Promise<unknown>): Comparison =>
        compare(`${label}, ${callers === 1 ? "1 caller" : `${callers} callers`}`, (one) => ({
          name: one.name,
          measure: (seconds) =>
            callInLoops(
              callers,
              seconds,
              counted(() => call(one)),
            ),
        }));
      return [
        calls("append to a new stream", 1, ({ store }) => store.appendToStream(`new-${randomUUID()}`, [event], { expectedVersion: "no-stream" })),
        calls("append to a new stream", 100, ({ store }) => store.appendToStream(`new-${randomUUID()}`, [event], { expectedVersion: "no-stream" })),
        calls("append to a stream", 100, (one) => one.store.appendToStream(anyStream(one), [event])),
        calls("append on a condition", 10, appendOnCondition),
        // The appends before this made the few streams of the small store longer.
        calls("read ten events of a stream", 1, (one) => one.store.readStream(anyStream(one), { limit: eventsOfOne }).toArray()),
        calls(`read a page of ${pageRows.toLocaleString("en")}`, 1, readPage),
        {
          ...calls("stats", 1, ({ store }) => store.stats()),
          targets: grown.map(({ name }) => ({ of: name, medianAtMostMs: 300 })),
        },
        {
          ...calls("verify", 1, ({ store }) => store.verify()),
          targets: grown.map(({ name }) => ({ of: name, longestAtMostMs: 120_000 })),
        },
        ...(smallest.cpu ? [idleConsumers(grown)] : []),
      ];
    },
  };
}

const event = { type: eventType, data: eventData };

const anyStream = ({ events }: Grown): string => `cart-${1 + Math.floor((Math.random() * events) / eventsOfOne)}`;

function counted(call: () => Promise<unknown>): Call {
  return async () => {
    await call();
    return 1;
  };
}

function appendOnCondition({ store }: Grown): Promise<unknown> {
  const tag = `seat:${randomUUID()}`;
  return store.append([{ ...event, tags: [tag] }], { condition: { query: [{ types: [eventType], tags: [tag] }] } });
}

function readPage({ store, events }: Grown): Promise<unknown> {
  return store.readAll({ after: Math.floor(Math.random() * (events - pageRows)), limit: pageRows }).toArray();
}

const consumers = 100;
/** Whatever a measurement takes else: the share is small. */
const idleSeconds = 10;

function idleConsumers(grown: readonly Measured[]): Comparison {
  return {
    label: `${consumers} idle consumers, % of a core`,
    subject: grown[0]?.name ?? "",
    contestants: grown.map(({ name, store, cpu }) => ({
      name,
      async measure() {
        const worker = store.createWorker({
          consumers: Array.from({ length: consumers }, (_, n) => defineConsumer({ name: `idle-${n}`, startFrom: "end", handle: () => {} })),
        });
        await worker.start();
        await worker.caughtUp();
        try {
          return cpu ? await processorShare(idleSeconds, cpu) : { events: 0, seconds: 1, latencies: [] };
        } finally {
          await worker.stop();
        }
      },
    })),
    targets: grown.map(({ name }) => ({ of: name, atMost: 2 })),
  };
}
