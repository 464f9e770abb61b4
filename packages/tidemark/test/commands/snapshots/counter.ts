import type { Decider, Event, EventStore, NewEvent, SnapshotOptions } from "../../../src/index.ts";

export type CounterEvent = Event<"Added", { readonly n: number }>;
export interface CounterState {
  readonly sum: number;
  /** As many as were folded, so that a wrong state is told from a right one of the same sum. */
  readonly order: readonly number[];
}

/** How many events each counter of a test evolved: what a snapshot spares. */
export interface Counter extends Decider<CounterState, number | "refuse" | "nothing", CounterEvent> {
  evolved: number;
}

export function counter(snapshot: SnapshotOptions<CounterState> | undefined = { every: 5 }, name = "counter"): Counter {
  const made: Counter = {
    name,
    ...(snapshot && { snapshot }),
    evolved: 0,
    initialState: () => ({ sum: 0, order: [] }),
    evolve: ({ sum, order }, { data }) => {
      made.evolved++;
      return { sum: sum + data.n, order: [...order, data.n] };
    },
    decide: (command) => {
      if (command === "refuse") throw new Error("refused");
      return command === "nothing" ? [] : [added(command)];
    },
  };
  // `evolved` is the test's, not the decider's.
  Object.defineProperty(made, "evolved", { value: 0, writable: true, enumerable: false });
  return made;
}

export function added(n: number): NewEvent<CounterEvent> {
  return { type: "Added", data: { n } };
}

export async function fill(store: EventStore, streamId: string, count: number, from = 1): Promise<void> {
  await store.appendToStream<CounterEvent>(
    streamId,
    Array.from({ length: count }, (_, n) => added(from + n)),
  );
}
