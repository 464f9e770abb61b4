import {
  defineRelay,
  MessageRefusedError,
  type EventStore,
  type OutgoingMessage,
  type Relay,
  type RelayDefinition,
  type Sink,
  type TidemarkError,
  type Worker,
} from "tidemark";
import { test as base } from "../support/test.ts";

/** A broker in memory, which does what a test wants of it. */
export class MemoryBroker implements Sink {
  readonly name = "memory";
  /** What it has stored, in order. */
  readonly stored: OutgoingMessage[] = [];
  /** How many messages it was given. */
  asked = 0;
  down = false;
  refuses: (message: OutgoingMessage) => boolean = () => false;
  /** Waited for before a message is stored. */
  arrives: (message: OutgoingMessage) => Promise<void> | void = () => {};
  /** Waited for between storing and acknowledging. */
  acknowledges: (message: OutgoingMessage) => Promise<void> | void = () => {};
  closed = 0;

  readonly publish = async (message: OutgoingMessage): Promise<void> => {
    this.asked++;
    if (this.down) throw new Error("the broker is down");
    if (this.refuses(message)) throw new MessageRefusedError({ sink: this.name, messageId: message.id }, "not this one");
    await this.arrives(message);
    this.stored.push(message);
    await this.acknowledges(message);
  };

  readonly close = async (): Promise<void> => {
    this.closed++;
  };

  /** Positions of what it has stored, of one key. */
  positions(key?: string): number[] {
    return this.stored.filter((message) => key === undefined || message.key === key).map(({ event }) => event.position);
  }
}

export interface StartedRelay {
  readonly broker: MemoryBroker;
  readonly relay: Relay;
  readonly worker: Worker;
  readonly errors: TidemarkError[];
}

export type StartOptions = Partial<RelayDefinition> & { readonly broker?: MemoryBroker; readonly on?: EventStore; readonly leaseMs?: number };

/**
 * Tests of relays.
 *
 * `start`: starts a worker with a relay to a broker in memory, whose retries do not wait long; stopped after the test.
 */
export const test = base.extend("start", ({ store }, { onCleanup }) => {
  const started: Worker[] = [];
  onCleanup(async () => {
    await Promise.all(started.map((worker) => worker.stop({ timeoutMs: 0 })));
  });
  return async ({ broker = new MemoryBroker(), on = store, leaseMs = 60_000, ...definition }: StartOptions = {}): Promise<StartedRelay> => {
    const errors: TidemarkError[] = [];
    const relay = defineRelay({ name: "out", to: broker, retry: { minDelayMs: 5, maxDelayMs: 20 }, ...definition });
    const worker = on.createWorker({ relays: [relay], leaseMs, onError: (error) => void errors.push(error) });
    started.push(worker);
    await worker.start();
    return { broker, relay, worker, errors };
  };
});

/** Appends `count` events to each of these streams, in turns. */
export async function append(store: EventStore, streams: readonly string[], count = 1): Promise<void> {
  for (let n = 1; n <= count; n++)
    await store.appendToStreams(streams.map((streamId) => ({ streamId, events: [{ type: "ItemAdded", data: { sku: "tea", n } }] })));
}

export function inOrder(positions: readonly number[]): boolean {
  return positions.every((position, at) => at === 0 || position > (positions[at - 1] ?? 0));
}

export { describe, eventually, expect } from "../support/test.ts";
